#ifndef TROUPE_ACTORS_ACTOR_H_
#define TROUPE_ACTORS_ACTOR_H_

#include "troupe/actors/context_base.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stop_reason.h"

namespace troupe {

// What owns some state and handles messages one at a time. A subclass has a public
// On(Context&, M) for each message type M it takes, by value or reference, that returns void or
// Reply<void>; an actor with a generated service base overrides one method an rpc.
//
// Thread:   its shard's, from construction to destruction.
// Lifetime: made by Spawn, destroyed by the runtime when it stops, and made again from the same
//           arguments if it fails and its options say so.
// Errors:   an exception that leaves a handler, or a non-OK OnStart, fails this actor alone.
class Actor {
 public:
  virtual ~Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  // Before the first message of each life.
  virtual Reply<void> OnStart(Context&) { return absl::OkStatus(); }

  // After the last message and after the children, unless the actor failed or was stopped before
  // OnStart had ended. Its outcome is logged if it is not OK.
  virtual Reply<void> OnStop(Context&, StopReason) { return absl::OkStatus(); }

 protected:
  Actor() = default;
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_ACTOR_H_
