#include "troupe/actors/context.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/activations.h"
#include "troupe/actors/child_record.h"
#include "troupe/actors/event_records.h"
#include "troupe/actors/fd_record.h"
#include "troupe/actors/monitor_record.h"
#include "troupe/actors/monitors.h"
#include "troupe/actors/runtime.h"
#include "troupe/actors/shard.h"
#include "troupe/actors/signal_record.h"
#include "troupe/actors/supervisor.h"
#include "troupe/base/logging.h"
#include "troupe/base/text.h"
#include "troupe/loop/loop.h"

namespace troupe {

using internal::ChildRecord;
using internal::Shard;

AnyRef Context::sender() const {
  const internal::Envelope& e = envelope();
  if (e.sender_shard == internal::kNoShard || e.sender_slot == internal::kShardSlot) {
    return AnyRef();
  }
  if (e.ask != 0 || (e.flags & internal::kEvent) != 0) return AnyRef();
  Shard& shard = *Shard::Current();
  return AnyRef(shard.runtime().system(), shard.incarnation(), e.sender_shard, e.sender_slot,
                e.sender_generation);
}

Instant Context::Now() const { return Shard::Current()->loop().now(); }
absl::Time Context::WallNow() const {
  return Shard::Current()->loop().platform().clock().WallNow();
}
Random& Context::random() { return Shard::Current()->random(); }

absl::Duration Context::Remaining() const {
  return Instant{envelope().deadline} - Shard::Current()->loop().now();
}

bool Context::cancelled() const { return Shard::Current()->activations().CurrentCancelled(); }

uint32_t Context::missed() const {
  return (envelope().flags & internal::kEvent) != 0 ? envelope().missed : 0;
}

void Context::Stop() {
  internal::Running& running = Shard::Current()->running();
  running.stops_actor = true;
  running.cell->Mark(internal::kEndAsked);
}
SendResult Context::Stop(const AnyRef& other) {
  if (other != self()) return Shard::Current()->supervisor().Stop(other, StopReason::kStopped);
  Stop();
  return SendResult::kAccepted;
}

std::optional<AnyRef> Context::FindAny(std::string_view name) const {
  return internal::FindService(Shard::Current()->runtime(), name, nullptr);
}

bool Context::RemoveRecord(uint64_t id) {
  return Shard::Current()->records().Remove(id, envelope().cell);
}

bool Context::Cancel(TimerId timer) { return RemoveRecord(timer.value()); }
bool Context::Unwatch(FdWatchId watch) { return RemoveRecord(watch.value()); }
bool Context::Demonitor(MonitorId monitor) { return RemoveRecord(monitor.value()); }
bool Context::Unsubscribe(SubscriptionId subscription) {
  return RemoveRecord(subscription.value());
}

FdWatchId Context::WatchFd(const internal::MessageType* type, int fd, uint32_t events) {
  auto record = std::make_unique<internal::FdRecord>(type, fd, events);
  const uint64_t id = Shard::Current()->records().Add(*envelope().cell, *record);
  if (id == 0) {
    TROUPE_LOG(kError, "no watch of descriptor ", fd, ": records_per_shard_max are in use");
    return FdWatchId();
  }
  record.release()->Begin();
  return FdWatchId(id);
}

MonitorId Context::MonitorActor(const internal::MessageType* type, const AnyRef& target) {
  Shard& shard = *Shard::Current();
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
  auto record = std::make_unique<internal::SignalRecord>(type, signal);
  const absl::Status begun = record->Begin();
  const uint64_t id = begun.ok() ? Shard::Current()->records().Add(*envelope().cell, *record) : 0;
  if (id == 0) {
    TROUPE_LOG(kError, "no subscription to signal ", signal, ": ",
               AbslView(StdView(begun.message())));
    return SubscriptionId();
  }
  record.release();
  return SubscriptionId(id);
}

absl::StatusOr<Child> Context::ExecChild(const internal::ChildMessages& messages,
                                         const ChildOptions& options) {
  auto record = std::make_unique<ChildRecord>(messages);
  absl::Status begun = record->Begin(options);
  if (!begun.ok()) return begun;
  const uint64_t id = Shard::Current()->records().Add(*envelope().cell, *record);
  if (id == 0) return absl::ResourceExhaustedError("records_per_shard_max are in use");
  const int pid = record.release()->process()->pid();
  return Child{.id = ChildId(id), .pid = pid};
}

absl::Status Context::SignalChild(ChildId child, int signal, SignalTarget target) {
  const absl::StatusOr<ChildRecord*> record = ChildRecord::Find(child, envelope().cell);
  return record.ok() ? (*record)->process()->Signal(signal, target) : record.status();
}

absl::Status Context::WriteChild(ChildId child, std::string_view bytes) {
  const absl::StatusOr<ChildRecord*> record = ChildRecord::Find(child, envelope().cell);
  return record.ok() ? (*record)->Write(bytes) : record.status();
}

absl::Status Context::CloseChildInput(ChildId child) {
  const absl::StatusOr<ChildRecord*> record = ChildRecord::Find(child, envelope().cell);
  if (record.ok()) (*record)->process()->CloseInput();
  return record.status();
}

}  // namespace troupe
