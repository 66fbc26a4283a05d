#ifndef TROUPE_ACTORS_SLOT_TABLE_H_
#define TROUPE_ACTORS_SLOT_TABLE_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "troupe/actors/cell.h"
#include "troupe/base/mutex.h"
#include "troupe/loop/slab_memory.h"

namespace troupe::internal {

// A place for an actor that does not exist yet: its handle can be given out at once.
struct SlotLease {
  uint32_t slot = 0;
  uint64_t generation = 0;
};

// The actors of one shard, by slot and generation.
//
// Thread:   the shard's, but for Lease(), which is any: other shards and foreign threads take
//           slots in batches, so the lock is met once in many spawns and never by a message.
//           A page made by another thread may be asked for at any time: a handle from a peer can
//           name any slot.
// Lifetime: cells stay where they are until the table is destroyed.
// Bounds:   `slots_max`; a slot is used again with the next generation, which never wraps.
class SlotTable {
 public:
  SlotTable(uint32_t slots_max, uint32_t messages_max, uint32_t bytes_max);
  ~SlotTable();
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;

  // The cell that `slot` and `generation` name, or null: another generation, or never leased.
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

  // For the shard itself. Empty at the bound.
  std::optional<SlotLease> Acquire() {
    if (free_.empty() && !RefillFree()) return std::nullopt;
    const SlotLease lease = free_.back();
    free_.pop_back();
    return lease;
  }

  // Ends the generation of `cell` and makes its slot free. The cell is already empty.
  void Release(Cell& cell);

  // Adds up to `count` leases to `leases`, of a small table fewer. Returns how many.
  // Thread: any.
  size_t Lease(std::vector<SlotLease>& leases, size_t count);

  // Calls `visit` for each cell that holds an actor, in slot order.
  template <typename Visit>
  void ForEachActor(Visit visit) {
    const uint32_t made = SlotsMade();
    for (uint32_t slot = 0; slot < made; ++slot) {
      Cell& cell = pages_[slot / kPageSlots].load(std::memory_order_relaxed)[slot % kPageSlots];
      if (cell.state != CellState::kFree && cell.state != CellState::kLeased) visit(cell);
    }
  }

 private:
  static constexpr size_t kPageSlots = 256;
  static constexpr size_t PagesOf(size_t slots) { return (slots + kPageSlots - 1) / kPageSlots; }
  // What one holder of free slots takes at a time, of a small table a small share: else a spawn
  // could be refused although slots are free elsewhere.
  static constexpr size_t ShareOf(size_t slots, size_t most) {
    return std::clamp<size_t>(slots / 16, 1, most);
  }

  // A page that the shard looks into for the first time. Null when there is none.
  Cell* SeePage(size_t page) const;
  uint32_t SlotsMade();
  bool RefillFree();
  // Adds a page's slots to `leases`; false at the bound.
  bool GrowLocked(std::vector<SlotLease>& leases) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Set once.
  const uint32_t slots_max_;
  const uint32_t messages_max_;
  const uint32_t bytes_max_;
  // Free slots that the shard keeps for itself before it gives some back to all.
  const size_t own_free_max_;
  const size_t lease_batch_max_;

  // Elements are written once, under the lock.
  const std::unique_ptr<std::atomic<Cell*>[]> pages_;

  // This shard. What it has seen of pages_, so that finding a cell is no atomic operation.
  const std::unique_ptr<Cell*[]> seen_pages_;
  std::vector<SlotLease> free_;

  // Any thread. A message could not carry a lease to a thread that has no shard.
  Mutex mutex_;
  uint32_t slots_made_ ABSL_GUARDED_BY(mutex_) = 0;
  SlabMemory memory_ ABSL_GUARDED_BY(mutex_){SlabMemory::Pages::kSmall};
  std::vector<SlotLease> shared_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SLOT_TABLE_H_
