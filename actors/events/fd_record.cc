#include "troupe/actors/events/fd_record.h"

#include <utility>

#include "absl/status/statusor.h"
#include "troupe/actors/events.h"
#include "troupe/actors/events/event_records.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {

FdRecord::~FdRecord() { Shard::Current()->loop().poller().Remove(watch_); }

void FdRecord::Begin() {
  absl::StatusOr<WatchId> watch = Shard::Current()->loop().poller().Add(fd_, events_, this);
  if (watch.ok()) {
    watch_ = *watch;
  } else {
    Send(kError, std::move(watch).status());
  }
}

void FdRecord::OnFdReady(uint32_t events) {
  if (waiting_) return;  // A silenced descriptor still tells of its hang-up.
  // Best effort: one that cannot be silenced is told of for nothing.
  Shard::Current()->loop().poller().Modify(watch_, 0).IgnoreError();
  Send(events, absl::OkStatus());
}

void FdRecord::AfterHandler() {
  waiting_ = false;
  Poller& poller = Shard::Current()->loop().poller();
  const absl::Status status = poller.Modify(watch_, events_);
  if (status.ok()) return;
  // The descriptor was closed; a duplicate would keep it in the kernel's set.
  poller.Remove(std::exchange(watch_, WatchId()));
  Send(kError, status);
}

void FdRecord::Send(uint32_t events, absl::Status status) {
  waiting_ = true;
  Shard& shard = *Shard::Current();
  Envelope* const envelope = shard.NewEnvelope(type_);
  shard.SetPayload(
      envelope,
      FdReady{.fd = fd_, .events = events, .watch = FdWatchId(id()), .status = std::move(status)},
      0);
  shard.records().Deliver(*cell(), id(), envelope);
}

}  // namespace troupe::internal
