#ifndef TROUPE_ACTORS_SUPERVISION_LIFE_EVENTS_H_
#define TROUPE_ACTORS_SUPERVISION_LIFE_EVENTS_H_

#include <exception>

#include "absl/status/status.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/stop_reason.h"

namespace troupe::internal {

class Shard;

// OnStart and OnStop run as the handlers of these.
struct StartEvent {};
struct StopEvent {
  StopReason reason;
};

// An envelope for code that is an event of an actor's life: it has no record.
Envelope* NewLifeEvent(Shard& shard, const MessageType* type);

extern const MessageType kStartType;
extern const MessageType kStopType;

// What users' code threw, as the status of its failure.
absl::Status StatusOf(const std::exception_ptr& thrown);

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SUPERVISION_LIFE_EVENTS_H_
