#include "troupe/actors/supervision/life_events.h"

#include "troupe/actors/actor.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/actors/typing/dispatch.h"

namespace troupe::internal {
namespace {

using Settle = void (Supervisor::*)(Cell& cell, absl::Status status);

template <Settle kSettle>
Progress SettleEvent(Reply<void> reply, Envelope& envelope) {
  Shard& shard = *Shard::Current();
  if (!reply.done()) return shard.activations().Park(envelope, reply.Detach());
  (shard.supervisor().*kSettle)(*envelope.cell, reply.Take());
  return Progress::kDone;
}

template <Settle kSettle>
void CompleteEvent(Envelope& envelope, std::coroutine_handle<> root) {
  const auto frame = std::coroutine_handle<ReplyPromise<void>>::from_address(root.address());
  FrameGuard<ReplyPromise<void>> guard(frame);
  (Shard::Current()->supervisor().*kSettle)(*envelope.cell, frame.promise().Take());
}

Progress DispatchStart(Actor* actor, Envelope& envelope) {
  return SettleEvent<&Supervisor::Started>(actor->OnStart(envelope), envelope);
}

Progress DispatchStop(Actor* actor, Envelope& envelope) {
  return SettleEvent<&Supervisor::Stopped>(
      actor->OnStop(envelope, PayloadAs<StopEvent>(envelope).reason), envelope);
}

}  // namespace

constexpr MessageType kStartType = {.dispatch = &DispatchStart,
                                    .destroy = &DestroyPayload<StartEvent>,
                                    .complete = &CompleteEvent<&Supervisor::Started>,
                                    .name = "OnStart"};
constexpr MessageType kStopType = {.dispatch = &DispatchStop,
                                   .destroy = &DestroyPayload<StopEvent>,
                                   .complete = &CompleteEvent<&Supervisor::Stopped>,
                                   .name = "OnStop"};

}  // namespace troupe::internal
