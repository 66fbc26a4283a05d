#ifndef TROUPE_ACTORS_SUPERVISION_CHILDREN_H_
#define TROUPE_ACTORS_SUPERVISION_CHILDREN_H_

#include <cstdint>
#include <utility>

#include "absl/base/attributes.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/cells/slot_index.h"
#include "troupe/actors/shard/shard.h"

namespace troupe::internal {

// Who is whose child: a parent is asked to end only after it has asked its children, and ends only
// once all of them, on its shard and on others, are gone.
//
// Thread: shard-affine.
// Bounds: children_per_actor_max.
class Children {
 public:
  explicit Children(Shard& shard) : shard_(shard) {}
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  // `child` is a new actor of this shard. `ties` are the parent's.
  static void Adopt(SlotIndex& slots, const Cell& parent, Ties& ties, Cell& child) {
    ++ties.children;
    const uint32_t next = std::exchange(ties.first_child, child.slot);
    Kin& kin = KinOf(child);
    kin.parent = parent.slot;
    kin.next_sibling = next;
    if (next != kNoSlot) slots.KinAt(next).prev_sibling = child.slot;
  }
  // `child` is a new actor of another shard.
  void AdoptRemote(Cell& parent, const AnyRef& child);
  // Asks up to `budget` children that were not asked before to stop. Returns how many.
  uint32_t AskSome(Cell& parent, uint32_t budget);
  // `child` has ended: its parent no longer waits for it. Inlined, as a million may end at once.
  ABSL_ATTRIBUTE_ALWAYS_INLINE void Leave(Cell& child) {
    SlotIndex& slots = shard_.slots();
    Kin& kin = KinOf(child);
    if (kin.parent == kNoSlot) return LeaveRemote(child);
    Cell& parent = slots.At(kin.parent);
    Ties& ties = parent.ties();
    if (kin.next_sibling != kNoSlot) slots.KinAt(kin.next_sibling).prev_sibling = kin.prev_sibling;
    (kin.prev_sibling != kNoSlot ? slots.KinAt(kin.prev_sibling).next_sibling : ties.first_child) =
        kin.next_sibling;
    if (ties.extra != nullptr) PassOver(*ties.extra, child.slot, kin.next_sibling);
    kin = Kin();
    OneGone(parent);
  }
  // A child on another shard has ended.
  void RemoteGone(const AnyRef& parent, const AnyRef& child);

 private:
  // Without a look at the index: the page of a cell begins with its first cell.
  static Kin& KinOf(Cell& cell) {
    const uint32_t index = cell.slot % SlotIndex::kPageSlots;
    return reinterpret_cast<SlotIndex::Page*>(&cell - index)->kin[index];
  }
  void OneGone(Cell& parent) {
    if (--parent.ties().children == 0 && parent.state == CellState::kStopping) LastGone(parent);
  }
  void LastGone(Cell& parent);
  void LeaveRemote(Cell& child);
  // `slot` is not to be asked any more.
  static void PassOver(CellExtra& extra, uint32_t slot, uint32_t next);

  Shard& shard_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SUPERVISION_CHILDREN_H_
