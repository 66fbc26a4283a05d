#ifndef TROUPE_ACTORS_CELLS_SLOT_TABLE_H_
#define TROUPE_ACTORS_CELLS_SLOT_TABLE_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/cells/slot_index.h"
#include "troupe/actors/cells/slot_lease.h"
#include "troupe/base/mutex.h"
#include "troupe/loop/slab_memory.h"

namespace troupe::internal {

// The slots of one shard: which are free, and the cells behind them.
//
// Thread:   the shard's, but for Lease(), which is any: other shards and foreign threads take
//           slots in batches, so the lock is met once in many spawns and never by a message.
// Bounds:   `slots_max`; a slot is used again with the next generation, which never wraps.
class SlotTable {
 public:
  SlotTable(SlotIndex& index, uint32_t slots_max, uint32_t messages_max, uint32_t bytes_max);
  ~SlotTable();
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;

  // For the shard itself. Empty at the bound.
  std::optional<SlotLease> Acquire() {
    const Cell* const cell = Take();
    if (cell == nullptr) return std::nullopt;
    return SlotLease{cell->slot, cell->generation};
  }
  // The same, as the cell; null at the bound.
  Cell* Take() {
    if (!any_free() && !Refill()) [[unlikely]]
      return nullptr;
    return &Pop(free_);
  }
  // Whether Take() has one at hand.
  bool any_free() const { return !free_.empty(); }
  // Makes it so if there is none. False at the bound.
  bool Refill();

  // Ends the generation of `cell` and makes its slot free. The cell is already empty.
  void Release(Cell& cell) {
    ++cell.generation;
    cell.stall = kBlocked;
    cell.life = 0;
    cell.state = CellState::kLeased;
    cell.reason = StopReason::kStopped;
    cell.marks &= kQueued;
    cell.messages = 0;
    cell.messages_max = messages_max_;
    cell.bytes = 0;
    cell.bytes_max = bytes_max_;
    Push(free_, cell);
    if (free_.count >= own_batch_) [[unlikely]]
      ShareFree();
  }

  // Adds up to `count` leases to `leases`, of a small table fewer. Returns how many.
  // Thread: any.
  size_t Lease(std::vector<SlotLease>& leases, size_t count);

  // One of `stock`, which this fills when it is empty; none at the bound.
  // Thread: any that `stock` belongs to.
  std::optional<SlotLease> LeaseFrom(std::vector<SlotLease>& stock);

  // A lease that others have seen and no actor will take: the shard ends its generation.
  // Thread: any.
  void Burn(const SlotLease& lease);
  // Those burned since. Costs a load while there are none.
  std::vector<SlotLease> TakeBurned();

  // Calls `visit` for each cell that holds an actor, from slot `from` on, over at most `count`
  // slots. Returns the slot to go on from; 0 at the end.
  template <typename Visit>
  uint32_t ForSomeActors(uint32_t from, uint32_t count, Visit visit) {
    const uint32_t made = SlotsMade();
    const uint32_t until = made - std::min(made, from) > count ? from + count : made;
    for (uint32_t slot = from; slot < until; ++slot) {
      Cell& cell = CellAt(slot);
      if (cell.state != CellState::kFree && cell.state != CellState::kLeased) visit(cell);
    }
    return until < made ? until : 0;
  }

 private:
  static constexpr size_t kPageSlots = SlotIndex::kPageSlots;
  // What one holder of free slots takes at a time, of a small table a small share: else a spawn
  // could be refused although slots are free elsewhere.
  static constexpr size_t ShareOf(size_t slots, size_t most) {
    return std::clamp<size_t>(slots / 16, 1, most);
  }

  // Free cells, chained through Cell::next_free: the end of a million actors needs no memory.
  struct FreeSlots {
    Cell* head = nullptr;
    Cell* tail = nullptr;
    uint32_t count = 0;

    bool empty() const { return head == nullptr; }
  };

  Cell& CellAt(uint32_t slot) const {
    return index_.PageAt(slot / kPageSlots)->cells[slot % kPageSlots];
  }
  static void Push(FreeSlots& slots, Cell& cell) {
    cell.next_free = slots.head;
    if (slots.empty()) slots.tail = &cell;
    slots.head = &cell;
    ++slots.count;
  }
  static Cell& Pop(FreeSlots& slots) {
    Cell& cell = *slots.head;
    slots.head = cell.next_free;
    cell.actor = nullptr;
    --slots.count;
    return cell;
  }
  // Up to `count` from the front.
  static FreeSlots TakeFirst(FreeSlots& slots, uint32_t count);
  // All of `from` in front of `to`.
  static void Splice(FreeSlots& to, FreeSlots& from);

  uint32_t SlotsMade();
  // The shard keeps a batch in reserve; what it has beyond that is everybody's.
  void ShareFree();
  // Adds a page's slots to those that all share; false at the bound.
  bool GrowLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Set once.
  const uint32_t slots_max_;
  const uint32_t messages_max_;
  const uint32_t bytes_max_;
  // Free slots change hands in batches: the shard keeps one or two for itself.
  const uint32_t own_batch_;
  const size_t lease_batch_max_;

  // This shard.
  SlotIndex& index_;
  FreeSlots free_;
  FreeSlots spare_;  // None, or a batch.

  // Any thread. A message could not carry a lease to a thread that has no shard.
  Mutex mutex_;
  uint32_t slots_made_ ABSL_GUARDED_BY(mutex_) = 0;
  SlabMemory memory_ ABSL_GUARDED_BY(mutex_){SlabMemory::Pages::kSmall};
  FreeSlots shared_ ABSL_GUARDED_BY(mutex_);
  std::vector<SlotLease> burned_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> any_burned_{false};
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_CELLS_SLOT_TABLE_H_
