#include "troupe/actors/system.h"

#include <functional>
#include <utility>

#include "troupe/actors/coroutines/activation.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/mail/shard_inbox.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/runtime/shard_turn.h"
#include "troupe/actors/shard/place.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/births.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/base/logging.h"
#include "troupe/base/status_macros.h"
#include "troupe/base/text.h"

namespace troupe {

System::System() = default;

absl::StatusOr<std::unique_ptr<System>> System::Start(SystemOptions options) {
  std::unique_ptr<System> system(new System);
  TROUPE_ASSIGN_OR_RETURN(system->runtime_,
                          internal::Runtime::Start(system.get(), std::move(options)));
  internal::NoteBegun(system.get());
  return system;
}

System::~System() {
  if (runtime_ == nullptr) return;
  internal::CheckMayEnd(*runtime_, "~System()");
  TROUPE_CHECK_MSG(runtime_->router() == nullptr,
                   "~System(): its node still runs; destroy the Node before its System");
  runtime_.reset();
  internal::NoteEnded(this);
}

namespace {

// The shard that this thread runs, if it is one of `runtime`'s: another System's is as any thread.
internal::Shard* CurrentShardOf(internal::Runtime& runtime) {
  internal::Shard* const shard = internal::Shard::Current();
  return shard != nullptr && &shard->runtime() == &runtime ? shard : nullptr;
}

}  // namespace

SendResult System::Stop(const AnyRef& actor) {
  if (actor.incarnation() != runtime_->incarnation()) return SendResult::kGone;
  if (actor.shard() >= runtime_->shard_count()) return SendResult::kGone;
  if (internal::Shard* const current = CurrentShardOf(*runtime_)) {
    return current->supervisor().Stop(actor, StopReason::kStopped);
  }
  internal::Shard& shard = runtime_->shard(actor.shard());
  const auto stop = [&shard, actor] { shard.supervisor().Stop(actor, StopReason::kStopped); };
  // Another system's shard may not wait.
  if (internal::Shard::Current() != nullptr) {
    return shard.inbox().Post(stop) ? SendResult::kAccepted : SendResult::kFull;
  }
  runtime_->PostSurely(shard, stop);
  return SendResult::kAccepted;
}

std::optional<AnyRef> System::FindAny(std::string_view name) const {
  return internal::FindService(*runtime_, name, nullptr);
}

int System::Run() {
  internal::CheckMayEnd(*runtime_, "System::Run()");
  runtime_->WaitForShutdownRequest();
  const absl::Status status = runtime_->ShutDown();
  return status.ok() ? 0 : 1;
}

void System::Shutdown() { runtime_->RequestShutdown(); }

namespace {

// Runs `task` in a turn of `shard`, and waits for its end.
void RunOn(internal::Runtime& runtime, internal::Shard& shard, const std::function<void()>& task) {
  const std::unique_ptr<Event> done = runtime.platform().MakeEvent();
  runtime.PostSurely(shard, [&] {
    task();
    done->Notify();
  });
  done->WaitUntil(Instant::Infinite());
}

}  // namespace

ShardCounters System::Counters() {
  internal::CheckMayBlock(*runtime_, "System::Counters()");
  ShardCounters sum;
  for (size_t i = 0; i < runtime_->shard_count(); ++i) {
    internal::Shard& shard = runtime_->shard(i);
    RunOn(*runtime_, shard, [&] { sum += shard.counters(); });
  }
  return sum;
}

SystemGauges System::Gauges() {
  internal::CheckMayBlock(*runtime_, "System::Gauges()");
  SystemGauges sum;
  for (size_t i = 0; i < runtime_->shard_count(); ++i) {
    internal::Shard& shard = runtime_->shard(i);
    uint32_t next = 0;
    do {
      RunOn(*runtime_, shard, [&] { next = shard.turn().AddGauges(next, sum); });
    } while (next != 0);
  }
  return sum;
}

const Limits& System::limits() const { return runtime_->limits(); }

size_t System::shard_count() const { return runtime_->shard_count(); }

namespace internal {

namespace {

// To the log, for who has asked for no status.
void NoteRefused(std::string_view actor, const absl::Status& refused) {
  if (refused.ok()) return;
  TROUPE_LOG(kWarning, "no actor ", actor, " is spawned: ", AbslView(StdView(refused.message())));
}

}  // namespace

AnyRef SpawnDefaultChild(Instance* instance) {
  return SpawnChild(InstancePtr(instance), SpawnOptions());
}

AnyRef SpawnChild(InstancePtr instance, SpawnOptions&& options) {
  absl::Status refused;
  const std::string_view actor = instance->info().name;
  const AnyRef ref =
      Shard::Current()->births().Spawn(std::move(instance), std::move(options), refused);
  NoteRefused(actor, refused);
  return ref;
}

absl::StatusOr<AnyRef> TrySpawnChild(InstancePtr instance, SpawnOptions&& options) {
  absl::Status refused;
  const AnyRef ref =
      Shard::Current()->births().Spawn(std::move(instance), std::move(options), refused);
  if (!refused.ok()) return refused;
  return ref;
}

AnyRef SpawnInstance(System& system, InstancePtr instance, SpawnOptions&& options) {
  if (CurrentShardOf(system.runtime()) != nullptr) {
    return SpawnChild(std::move(instance), std::move(options));
  }
  const std::string_view actor = instance->info().name;
  const auto [ref, refused] =
      system.runtime().SpawnFromOutside(std::move(instance), std::move(options));
  NoteRefused(actor, refused);
  return ref;
}

absl::StatusOr<AnyRef> TrySpawnInstance(System& system, InstancePtr instance,
                                        SpawnOptions&& options) {
  if (CurrentShardOf(system.runtime()) != nullptr) {
    return TrySpawnChild(std::move(instance), std::move(options));
  }
  auto [ref, status] = system.runtime().SpawnFromOutside(std::move(instance), std::move(options));
  if (!status.ok()) return status;
  return ref;
}

std::optional<AnyRef> FindService(Runtime& runtime, std::string_view name,
                                  const ServiceInfo* service) {
  const auto entry = runtime.names().Find(name);
  if (!entry.has_value()) return std::nullopt;
  if (service != nullptr && entry->service != service) return std::nullopt;
  return entry->ref;
}

Runtime& CurrentRuntime() { return Shard::Current()->runtime(); }

Progress Park(Envelope& envelope, CoroutineFrame& root) {
  return Shard::Current()->activations().Park(envelope, root);
}

void NoteOneWayOutcome(const absl::Status& status, const MessageType& type) {
  ++Shard::Current()->counters().handler_errors;
  TROUPE_LOG(kDebug, Describe(Shard::Current()->running()), ": a one-way ", AbslView(type.name),
             " came to ", status.ToString());
}

}  // namespace internal
}  // namespace troupe
