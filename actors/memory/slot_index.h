#ifndef TROUPE_ACTORS_MEMORY_SLOT_INDEX_H_
#define TROUPE_ACTORS_MEMORY_SLOT_INDEX_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "troupe/actors/runtime/cell.h"

namespace troupe::internal {

// The cells of one shard, by slot and generation.
//
// Thread:   the shard's, but for Publish(): whoever made the page.
// Lifetime: cells stay where they are until the slot table is destroyed.
class SlotIndex {
 public:
  static constexpr size_t kPageSlots = 256;

  explicit SlotIndex(uint32_t slots_max);
  ~SlotIndex();
  SlotIndex(const SlotIndex&) = delete;
  SlotIndex& operator=(const SlotIndex&) = delete;

  // The cell that `slot` and `generation` name, or null: another generation, or never leased. A
  // handle from a peer may name any slot.
  Cell* Find(uint32_t slot, uint64_t generation) const {
    if (slot >= slots_max_) [[unlikely]]
      return nullptr;
    Cell* page = seen_pages_[slot / kPageSlots];
    if (page == nullptr) [[unlikely]]
      page = SeePage(slot / kPageSlots);
    if (page == nullptr) [[unlikely]]
      return nullptr;
    Cell* const cell = &page[slot % kPageSlots];
    return cell->generation == generation ? cell : nullptr;
  }

  // Requires a slot that the table has made.
  Cell& Made(uint32_t slot) const {
    Cell* page = seen_pages_[slot / kPageSlots];
    if (page == nullptr) [[unlikely]]
      page = SeePage(slot / kPageSlots);
    return page[slot % kPageSlots];
  }

  // Requires a slot of a living actor of this shard.
  Cell& At(uint32_t slot) const { return seen_pages_[slot / kPageSlots][slot % kPageSlots]; }

  Cell* Page(size_t page) const { return pages_[page].load(std::memory_order_acquire); }
  // The page is complete.
  void Publish(size_t page, Cell* cells) { pages_[page].store(cells, std::memory_order_release); }

 private:
  // A page that the shard looks into for the first time. Null when there is none.
  Cell* SeePage(size_t page) const;

  const uint32_t slots_max_;
  // Memory that costs nothing before it is written. Elements of pages_ are written once.
  std::atomic<Cell*>* const pages_;
  // What the shard has seen of pages_, so that finding a cell is no atomic operation.
  Cell** const seen_pages_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MEMORY_SLOT_INDEX_H_
