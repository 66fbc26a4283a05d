#ifndef TROUPE_ACTORS_CELLS_RUN_QUEUE_H_
#define TROUPE_ACTORS_CELLS_RUN_QUEUE_H_

#include <cstdint>

#include "troupe/actors/cells/cell.h"

namespace troupe::internal {

// Which actor of a shard runs next: the oldest that has something to do, but actors that were just
// spawned before the others, the newest first, at most kStartsInRow in a row. A tree of spawns
// stays as shallow as its parents are fast.
//
// Thread: shard-affine.
// Bounds: the shard's actors; each is in it once.
class RunQueue {
 public:
  // Ignored for a cell that is in the queue.
  void Push(Cell& cell) {
    if (cell.marked(kQueued)) return;
    cell.Mark(kQueued);
    cell.run_next = nullptr;
    if (tail_ != nullptr) {
      tail_->run_next = &cell;
    } else {
      head_ = &cell;
    }
    tail_ = &cell;
  }

  // An actor to be started. Requires that it is not in the queue.
  void PushNewest(Cell& cell) {
    cell.Mark(kQueued);
    cell.run_next = newest_;
    newest_ = &cell;
  }

  // Null when there is none. One that is to be started stays marked as queued.
  Cell* Pop() {
    if (newest_ != nullptr && (head_ == nullptr || ++starts_ < kStartsInRow)) [[unlikely]] {
      Cell* const cell = newest_;
      newest_ = cell->run_next;
      return cell;
    }
    starts_ = 0;
    Cell* const cell = head_;
    if (cell == nullptr) return nullptr;
    head_ = cell->run_next;
    if (head_ == nullptr) tail_ = nullptr;
    cell->Unmark(kQueued);
    return cell;
  }

  bool empty() const { return head_ == nullptr && newest_ == nullptr; }

 private:
  static constexpr uint32_t kStartsInRow = 4;

  Cell* head_ = nullptr;
  Cell* tail_ = nullptr;
  Cell* newest_ = nullptr;
  uint32_t starts_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_CELLS_RUN_QUEUE_H_
