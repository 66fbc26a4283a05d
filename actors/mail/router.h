#ifndef TROUPE_ACTORS_MAIL_ROUTER_H_
#define TROUPE_ACTORS_MAIL_ROUTER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/envelopes/envelope.h"

namespace troupe::internal {

// How a handle of another node's actor sends: the seam that the transport implements. What it is
// given has an outcome in any case: delivered, refused with notice, or resolved at the session's
// end.
//
// Thread: any shard; the calls are made on the sender's.
class Router {
 public:
  virtual ~Router() = default;

  // A message or request of a service method. Takes `envelope` unless the result is not kAccepted.
  // A request's outcome goes to Shard::TakeAsk(envelope->ask) on shard envelope->sender_shard.
  virtual SendResult Send(const AnyRef& target, Envelope* envelope) = 0;

  // The asker gave up on request `ask` of shard `asker_shard`.
  virtual void Cancel(const AnyRef& target, uint16_t asker_shard, uint64_t ask) = 0;

  // The consumer of stream `ask` has room for `items` more.
  virtual void Credit(const AnyRef& target, uint16_t asker_shard, uint64_t ask, uint32_t items) = 0;

  // Keeps `down`, a Down for one of this node's actors, and has it delivered with its `reason` and
  // `status` filled in when the target or its node ends.
  virtual void Monitor(const AnyRef& target, Envelope* down) = 0;
  // The watcher wants no Down any more; `record` is what `down->record` was.
  virtual void Demonitor(const AnyRef& target, uint16_t watcher_shard, uint64_t record) = 0;

  // The system drains: say goodbye to all peers and close. Called on a foreign thread, after the
  // actors have stopped; returns when done or at `deadline`.
  virtual void Drain(Instant deadline) = 0;

  // A name for the node of that incarnation, for messages to people.
  virtual std::string NodeName(uint64_t incarnation) = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MAIL_ROUTER_H_
