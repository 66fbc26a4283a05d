#include "troupe/actors/supervision/life_events.h"

#include "absl/strings/str_cat.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/actors/typing/dispatch.h"

namespace troupe::internal {
namespace {

// What becomes of the outcome of OnStart or OnStop.
using Settle = void (*)(Cell& cell, const absl::Status& status);

void SettleStart(Cell& cell, const absl::Status& status) {
  Supervisor& supervisor = Shard::Current()->supervisor();
  status.ok() ? supervisor.Started(cell) : supervisor.StartFailed(cell, status);
}

void SettleStop(Cell& cell, const absl::Status& status) {
  if (!status.ok()) Shard::Current()->supervisor().StopFailed(cell, status);
}

template <Settle kSettle>
void CompleteEvent(Envelope& envelope, std::coroutine_handle<> root) {
  const auto frame = std::coroutine_handle<ReplyPromise<void>>::from_address(root.address());
  FrameGuard<ReplyPromise<void>> guard(frame);
  kSettle(*envelope.cell, frame.promise().Take());
}

Progress DispatchStop(Actor* actor, Envelope& envelope) {
  Reply<void> reply = actor->OnStop(envelope, PayloadAs<StopEvent>(envelope).reason);
  if (!reply.done()) return Shard::Current()->activations().Park(envelope, reply.Detach());
  SettleStop(*envelope.cell, reply.Take());
  return Progress::kDone;
}

}  // namespace

Envelope* NewLifeEvent(Shard& shard, const MessageType* type) {
  Envelope* const envelope = shard.NewEnvelope(type);
  envelope->flags |= kEvent;
  envelope->record = 0;
  envelope->missed = 0;
  return envelope;
}

constexpr MessageType kStartType = {.destroy = &DestroyPayload<StartEvent>,
                                    .complete = &CompleteEvent<&SettleStart>,
                                    .name = "OnStart"};
constexpr MessageType kStopType = {.dispatch = &DispatchStop,
                                   .destroy = &DestroyPayload<StopEvent>,
                                   .complete = &CompleteEvent<&SettleStop>,
                                   .name = "OnStop"};

absl::Status StatusOf(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& exception) {
    return absl::InternalError(absl::StrCat("exception: ", exception.what()));
  } catch (...) {
    return absl::InternalError("exception that is no std::exception");
  }
}

}  // namespace troupe::internal
