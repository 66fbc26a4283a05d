#ifndef TROUPE_ACTORS_ACTOR_H_
#define TROUPE_ACTORS_ACTOR_H_

#include "troupe/actors/context_base.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stop_reason.h"

namespace troupe {

// An object that owns its state and handles messages one at a time. For each message type M that a
// subclass takes, it has a public On(Context&, M), M by value or by reference, that returns void or
// Reply<void>; a subclass of a generated service base overrides one method per rpc.
//
// Thread:   its shard's, from construction to destruction.
// Lifetime: constructed by Spawn and destroyed by the runtime after it has stopped; constructed
//           again from the same arguments if it fails and its options allow a restart.
// Errors:   an exception that leaves a handler, or a non-OK OnStart, fails this actor alone.
class Actor {
 public:
  virtual ~Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  // Called before the first message of each life.
  virtual Reply<void> OnStart(Context&) { return absl::OkStatus(); }

  // Called after the last message and after the children have ended, unless the actor failed or was
  // stopped before OnStart had ended. A non-OK outcome is logged.
  virtual Reply<void> OnStop(Context&, StopReason) { return absl::OkStatus(); }

 protected:
  Actor() = default;
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_ACTOR_H_
