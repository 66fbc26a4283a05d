#include "troupe/actors/context.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/coroutines/activation.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/events/child_record.h"
#include "troupe/actors/events/event_records.h"
#include "troupe/actors/events/fd_record.h"
#include "troupe/actors/events/signal_record.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/place.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/monitor_record.h"
#include "troupe/actors/supervision/monitors.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/base/check.h"
#include "troupe/base/logging.h"
#include "troupe/base/text.h"
#include "troupe/loop/loop.h"

namespace troupe {

using internal::ChildRecord;
using internal::Shard;

void Context::Misused() {
  internal::ShardHere("a Context");
  TROUPE_CHECK_MSG(false,
                   "a Context is used by another handler than its own: a handler's Context is for "
                   "that handler only");
  std::abort();
}

AnyRef Context::sender() const {
  const internal::Envelope& e = envelope();
  if (e.sender_shard == internal::kNoShard || e.sender_slot == internal::kShardSlot) {
    return AnyRef();
  }
  if (e.ask != 0 || (e.flags & internal::kEvent) != 0) return AnyRef();
  Shard& shard = Here();
  return AnyRef(shard.runtime().system(), shard.incarnation(), e.sender_shard, e.sender_slot,
                internal::SenderGenerationOf(e));
}

Instant Context::Now() const { return Here().loop().now(); }
absl::Time Context::WallNow() const { return Here().loop().platform().clock().WallNow(); }
Random& Context::random() { return Here().random(); }

absl::Duration Context::Remaining() const {
  return Instant{envelope().deadline} - Here().loop().now();
}

bool Context::cancelled() const { return Here().activations().CurrentCancelled(); }

uint32_t Context::missed() const {
  Here();
  return (envelope().flags & internal::kEvent) != 0 ? envelope().missed : 0;
}

void Context::Stop() { Here().activations().StopActorAfterwards(); }
SendResult Context::Stop(const AnyRef& other) {
  return Here().supervisor().Stop(other, StopReason::kStopped);
}

std::optional<AnyRef> Context::FindAny(std::string_view name) const {
  return internal::FindService(Here().runtime(), name, nullptr);
}

bool Context::RemoveRecord(uint64_t id) { return Here().records().Remove(id, envelope().cell); }

bool Context::Cancel(TimerId timer) { return RemoveRecord(timer.value()); }
bool Context::Unwatch(FdWatchId watch) { return RemoveRecord(watch.value()); }
bool Context::Demonitor(MonitorId monitor) { return RemoveRecord(monitor.value()); }
bool Context::Unsubscribe(SubscriptionId subscription) {
  return RemoveRecord(subscription.value());
}

FdWatchId Context::WatchFd(const internal::MessageType* type, int fd, uint32_t events) {
  Here();
  auto record = std::make_unique<internal::FdRecord>(type, fd, events);
  const uint64_t id = Here().records().Add(*envelope().cell, *record);
  if (id == 0) {
    TROUPE_LOG(kError, "no watch of descriptor ", fd, ": records_per_shard_max are in use");
    return FdWatchId();
  }
  record.release()->Begin();
  return FdWatchId(id);
}

MonitorId Context::MonitorActor(const internal::MessageType* type, const AnyRef& target) {
  Here();
  Shard& shard = Here();
  internal::Cell& cell = *envelope().cell;
  auto record = std::make_unique<internal::MonitorRecord>(target);
  const uint64_t id = shard.records().Add(cell, *record);
  if (id == 0) {
    TROUPE_LOG(kError, "no monitor set: records_per_shard_max are in use");
    return MonitorId();
  }
  internal::MonitorRecord& monitor = *record.release();
  internal::Envelope* const down = shard.NewEnvelope(type);
  shard.SetPayload(down, Down{.who = target, .status = {}, .monitor = MonitorId(id)}, 0);
  down->flags |= internal::kEvent | internal::kUnbounded;
  down->record = id;
  down->missed = 0;
  down->slot = cell.slot;
  down->generation = cell.generation;
  if (shard.monitors().Add(target, down)) monitor.set_placed();
  return MonitorId(id);
}

SubscriptionId Context::SubscribeSignal(const internal::MessageType* type, int signal) {
  Here();
  auto record = std::make_unique<internal::SignalRecord>(type, signal);
  absl::Status begun = record->Begin();
  const uint64_t id = begun.ok() ? Here().records().Add(*envelope().cell, *record) : 0;
  if (id == 0) {
    if (begun.ok()) begun = absl::ResourceExhaustedError("records_per_shard_max are in use");
    TROUPE_LOG(kError, "no subscription to signal ", signal, ": ",
               AbslView(StdView(begun.message())));
    return SubscriptionId();
  }
  record.release();
  return SubscriptionId(id);
}

absl::StatusOr<Child> Context::ExecChild(const internal::MessageType& exited,
                                         const internal::MessageType* output,
                                         const internal::MessageType* input_room,
                                         const ChildOptions& options) {
  Here();
  auto record = std::make_unique<ChildRecord>(
      internal::ChildMessages{.output = output, .exited = &exited, .input_room = input_room});
  absl::Status begun = record->Begin(options);
  if (!begun.ok()) return begun;
  const uint64_t id = Here().records().Add(*envelope().cell, *record);
  if (id == 0) return absl::ResourceExhaustedError("records_per_shard_max are in use");
  const int pid = record.release()->process()->pid();
  return Child{.id = ChildId(id), .pid = pid};
}

absl::Status Context::SignalChild(ChildId child, int signal, SignalTarget target) {
  const absl::StatusOr<ChildRecord*> record = ChildRecord::Find(child, Here().running().cell);
  return record.ok() ? (*record)->process()->Signal(signal, target) : record.status();
}

absl::Status Context::WriteChild(ChildId child, std::string_view bytes) {
  const absl::StatusOr<ChildRecord*> record = ChildRecord::Find(child, Here().running().cell);
  return record.ok() ? (*record)->Write(bytes) : record.status();
}

absl::Status Context::CloseChildInput(ChildId child) {
  const absl::StatusOr<ChildRecord*> record = ChildRecord::Find(child, Here().running().cell);
  if (record.ok()) (*record)->process()->CloseInput();
  return record.status();
}

}  // namespace troupe
