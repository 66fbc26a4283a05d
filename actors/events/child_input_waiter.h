#ifndef TROUPE_ACTORS_EVENTS_CHILD_INPUT_WAITER_H_
#define TROUPE_ACTORS_EVENTS_CHILD_INPUT_WAITER_H_

namespace troupe::internal {

class ChildRecord;

// Waits until a child has room for input.
//
// Lifetime: leaves its record's list before it ends.
class ChildInputWaiter {
 public:
  // May RemoveWaiter() itself; whoever does not needs more room.
  virtual void OnRoom(ChildRecord& record) = 0;
  // The record ends, and has no waiters any more.
  virtual void OnEnd() = 0;

 protected:
  ~ChildInputWaiter() = default;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_EVENTS_CHILD_INPUT_WAITER_H_
