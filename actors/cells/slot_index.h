#ifndef TROUPE_ACTORS_CELLS_SLOT_INDEX_H_
#define TROUPE_ACTORS_CELLS_SLOT_INDEX_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "troupe/actors/cells/cell.h"

namespace troupe::internal {

// The cells of one shard, by slot and generation, and who is related to whom.
//
// Thread:   the shard's, but for Publish(): whoever made the page.
// Lifetime: cells stay where they are until the slot table is destroyed.
class SlotIndex {
 public:
  static constexpr size_t kPageSlots = 256;
  struct Page {
    std::array<Cell, kPageSlots> cells;
    std::array<Kin, kPageSlots> kin;
  };

  explicit SlotIndex(uint32_t slots_max);
  ~SlotIndex();
  SlotIndex(const SlotIndex&) = delete;
  SlotIndex& operator=(const SlotIndex&) = delete;

  // The cell that `slot` and `generation` name, or null: another generation, or never leased. A
  // handle from a peer may name any slot.
  Cell* Find(uint32_t slot, uint64_t generation) const {
    if (slot >= slots_max_) [[unlikely]]
      return nullptr;
    Page* page = seen_pages_[slot / kPageSlots];
    if (page == nullptr) [[unlikely]]
      page = SeePage(slot / kPageSlots);
    if (page == nullptr) [[unlikely]]
      return nullptr;
    Cell* const cell = &page->cells[slot % kPageSlots];
    return cell->generation == generation ? cell : nullptr;
  }

  // The shard is given cells of the first `pages` pages, which are complete.
  void SeePages(size_t pages) {
    for (; pages_seen_ < pages; ++pages_seen_) SeePage(pages_seen_);
  }

  // Requires a slot of a living actor of this shard.
  Cell& At(uint32_t slot) const { return seen_pages_[slot / kPageSlots]->cells[slot % kPageSlots]; }
  Kin& KinAt(uint32_t slot) const { return seen_pages_[slot / kPageSlots]->kin[slot % kPageSlots]; }

  // Null if there is none.
  Page* PageAt(size_t page) const { return pages_[page].load(std::memory_order_acquire); }
  // It is complete.
  void Publish(size_t page, Page* made) { pages_[page].store(made, std::memory_order_release); }

 private:
  // A page that the shard looks into for the first time. Null when there is none.
  Page* SeePage(size_t page) const;

  const uint32_t slots_max_;
  // Memory that costs nothing before it is written. Elements of pages_ are written once.
  std::atomic<Page*>* const pages_;
  // What the shard has seen of pages_, so that finding a cell is no atomic operation.
  Page** const seen_pages_;
  size_t pages_seen_ = 0;  // All before it; there may be others.
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_CELLS_SLOT_INDEX_H_
