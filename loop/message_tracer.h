#ifndef TROUPE_LOOP_MESSAGE_TRACER_H_
#define TROUPE_LOOP_MESSAGE_TRACER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace troupe {

// An actor as a trace knows it, on whichever node.
struct TracedActor {
  static constexpr uint32_t kNoSlot = 0xffffffffu;

  uint64_t incarnation = 0;  // Of its node.
  uint16_t shard = 0;
  uint32_t slot = kNoSlot;  // None for what is sent by no actor.
};

// Is told what the actors of a System do, where the platform keeps a trace of that.
//
// Thread: the simulation's.
class MessageTracer {
 public:
  // The handler of `actor`, whose class and name are `name`, is about to get `message`.
  virtual void OnMessage(const TracedActor& actor, const std::string& name,
                         std::string_view message, const TracedActor& sender) = 0;
  // A request of `asker` to `target` has its outcome, or was given up: CANCELLED.
  virtual void OnOutcome(const TracedActor& asker, std::string_view request,
                         const TracedActor& target, absl::StatusCode outcome) = 0;
  virtual void OnEnd(const TracedActor& actor, const std::string& name) = 0;

 protected:
  ~MessageTracer() = default;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_MESSAGE_TRACER_H_
