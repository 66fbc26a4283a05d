#ifndef TROUPE_ACTORS_SUPERVISION_CHILDREN_H_
#define TROUPE_ACTORS_SUPERVISION_CHILDREN_H_

#include <cstdint>

#include "troupe/actors/any_ref.h"

namespace troupe::internal {

class Shard;
struct Cell;

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

  // `child` is a new actor of this shard.
  void Adopt(Cell& parent, Cell& child);
  // `child` is a new actor of another shard.
  void AdoptRemote(Cell& parent, const AnyRef& child);
  // Asks up to `budget` children that were not asked before to stop. Returns how many.
  uint32_t AskSome(Cell& parent, uint32_t budget);
  // `child` has ended: its parent no longer waits for it.
  void Leave(Cell& child);
  // A child on another shard has ended.
  void RemoteGone(const AnyRef& parent, const AnyRef& child);

 private:
  void OneGone(Cell& parent);

  Shard& shard_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SUPERVISION_CHILDREN_H_
