#include "troupe/actors/events/child_record.h"

#include <string>
#include <utility>

#include "troupe/actors/cells/cell.h"
#include "troupe/actors/events.h"
#include "troupe/actors/events/event_records.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/base/status_macros.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {

absl::StatusOr<ChildRecord*> ChildRecord::Find(ChildId child, const Cell* cell) {
  EventRecord* const record = Shard::Current()->records().Find(child.value());
  if (record == nullptr || record->cell() != cell) {
    return absl::NotFoundError("the child has ended");
  }
  return static_cast<ChildRecord*>(record);
}

ChildRecord::~ChildRecord() {
  for (ChildInputWaiter* const waiter : std::exchange(waiters_, {})) waiter->OnEnd();
}

absl::Status ChildRecord::Begin(const ChildOptions& options) {
  Shard& shard = *Shard::Current();
  TROUPE_ASSIGN_OR_RETURN(process_, shard.loop().platform().SpawnChild(
                                        shard.loop().poller(), options, shard.limits(), this));
  pid_ = process_->pid();
  return absl::OkStatus();
}

absl::Status ChildRecord::Write(std::string_view bytes) {
  // Whoever waits is told of room, and then this one.
  absl::Status status =
      has_waiters() ? absl::ResourceExhaustedError("a WriteChildAll() to the child waits for space")
                    : process_->WriteInput(bytes);
  if (status.code() == absl::StatusCode::kResourceExhausted) wants_room_message_ = true;
  return status;
}

bool ChildRecord::BeforeHandler(Envelope& envelope) {
  if (envelope.type == messages_.exited) {
    process_->LeaveGroup();
    return false;
  }
  handling_ = Handling::kNothing;
  if (envelope.type == messages_.output) {
    handling_ = PayloadAs<ChildOutput>(envelope).is_stderr ? Handling::kError : Handling::kOutput;
  }
  return true;
}

void ChildRecord::OnActorStops() {
  process_->HoldOutput(/*is_stderr=*/false, false);
  process_->HoldOutput(/*is_stderr=*/true, false);
}

void ChildRecord::AfterHandler() {
  if (handling_ == Handling::kNothing) return;
  process_->HoldOutput(handling_ == Handling::kError, false);
}

void ChildRecord::OnChildOutput(bool is_stderr, std::string_view bytes) {
  if (messages_.output == nullptr || cell()->state == CellState::kStopping) return;
  process_->HoldOutput(is_stderr, true);
  Shard& shard = *Shard::Current();
  Envelope* const envelope = shard.NewEnvelope(messages_.output);
  shard.SetPayload(
      envelope,
      ChildOutput{.child = ChildId(id()), .is_stderr = is_stderr, .bytes = std::string(bytes)},
      bytes.size());
  shard.records().Deliver(*cell(), id(), envelope);
}

void ChildRecord::OnChildExited(const ChildStatus& status) {
  if (has_waiters()) OnChildInputRoom();  // Its input is closed, and they hear that.
  Shard& shard = *Shard::Current();
  Envelope* const envelope = shard.NewEnvelope(messages_.exited);
  shard.SetPayload(envelope, ChildExited{.child = ChildId(id()), .pid = pid_, .status = status}, 0);
  shard.records().Deliver(*cell(), id(), envelope);
}

void ChildRecord::OnChildInputRoom() {
  while (has_waiters()) {
    ChildInputWaiter* const first = waiters_.front();
    first->OnRoom(*this);
    if (has_waiters() && waiters_.front() == first) return;
  }
  // Those who waited may have taken all of it.
  if (!wants_room_message_ || !process_->HasInputRoom()) return;
  wants_room_message_ = false;
  if (messages_.input_room == nullptr) return;
  Shard& shard = *Shard::Current();
  Envelope* const envelope = shard.NewEnvelope(messages_.input_room);
  shard.SetPayload(envelope, ChildInputRoom{.child = ChildId(id())}, 0);
  shard.records().Deliver(*cell(), id(), envelope);
}

}  // namespace troupe::internal
