#include "troupe/actors/child_record.h"

#include <string>
#include <utility>

#include "troupe/actors/dispatch.h"
#include "troupe/actors/events.h"
#include "troupe/actors/event_records.h"
#include "troupe/actors/shard.h"
#include "troupe/loop/loop.h"
#include "troupe/base/status_macros.h"

namespace troupe::internal {

absl::Status ChildRecord::Begin(const ChildOptions& options) {
  Shard& shard = *Shard::Current();
  TROUPE_ASSIGN_OR_RETURN(process_, shard.loop().platform().SpawnChild(
                                        shard.loop().poller(), options, shard.limits(), this));
  pid_ = process_->pid();
  return absl::OkStatus();
}

bool ChildRecord::BeforeHandler(Envelope& envelope) {
  if (envelope.type == exited_) return false;
  handling_stderr_ = PayloadAs<ChildOutput>(envelope).is_stderr;
  return true;
}

void ChildRecord::AfterHandler() { process_->HoldOutput(handling_stderr_, false); }

void ChildRecord::OnChildOutput(bool is_stderr, std::string_view bytes) {
  if (output_ == nullptr) return;
  process_->HoldOutput(is_stderr, true);
  Shard& shard = *Shard::Current();
  Envelope* const envelope = shard.NewEnvelope(output_);
  shard.SetPayload(
      envelope,
      ChildOutput{.child = ChildId(id()), .is_stderr = is_stderr, .bytes = std::string(bytes)},
      bytes.size());
  shard.records().Deliver(*cell(), id(), envelope);
}

void ChildRecord::OnChildExited(const ChildStatus& status) {
  Shard& shard = *Shard::Current();
  Envelope* const envelope = shard.NewEnvelope(exited_);
  shard.SetPayload(envelope, ChildExited{.child = ChildId(id()), .pid = pid_, .status = status}, 0);
  shard.records().Deliver(*cell(), id(), envelope);
}

}  // namespace troupe::internal
