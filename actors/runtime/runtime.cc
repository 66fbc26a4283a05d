#include "troupe/actors/runtime/runtime.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "troupe/actors/cells/slot_table.h"
#include "troupe/actors/mail/router.h"
#include "troupe/actors/mail/shard_inbox.h"
#include "troupe/actors/runtime/shard_turn.h"
#include "troupe/actors/runtime/terminate_handler.h"
#include "troupe/actors/shard/place.h"
#include "troupe/actors/supervision/births.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/base/logging.h"
#include "troupe/base/status_macros.h"
#include "troupe/base/text.h"
#include "troupe/loop/loop.h"
#include "troupe/loop/process_id.h"
#include "troupe/loop/signal_number.h"

namespace troupe::internal {
namespace {

constexpr int kShardsMax = 1024;
// An idle thread ends within this, whatever else the machine does.
constexpr absl::Duration kIdleThreadEnds = absl::Seconds(1);

absl::Status CheckSignals(std::string_view option, const std::vector<int>& signals) {
  for (const int signal : signals) {
    const absl::Status status = CheckCatchable(signal);
    if (status.ok()) continue;
    return absl::Status(status.code(),
                        absl::StrCat(AbslView(option), ": ", AbslView(StdView(status.message()))));
  }
  return absl::OkStatus();
}

absl::Status ValidateOptions(const SystemOptions& options) {
  if (options.shards < 0 || options.shards > kShardsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("shards is ", options.shards, "; it must be in [0, ", kShardsMax, "]"));
  }
  TROUPE_RETURN_IF_ERROR(CheckSignals("shutdown_signals", options.shutdown_signals));
  TROUPE_RETURN_IF_ERROR(CheckSignals("handled_signals", options.handled_signals));
  return options.limits.Validate();
}

}  // namespace

Runtime::Runtime(System* system, SystemOptions options)
    : system_(system),
      platform_(options.platform),
      limits_(options.limits),
      process_id_(ProcessId()),
      names_(options.limits.names_max) {
  if (platform_ == nullptr) {
    owned_platform_ = MakePosixPlatform();
    platform_ = owned_platform_.get();
  }
  tracer_ = platform_->tracer();
}

absl::StatusOr<std::unique_ptr<Runtime>> Runtime::Start(System* system, SystemOptions options) {
  TROUPE_RETURN_IF_ERROR(ValidateOptions(options));
  InstallTerminateHandler();
  CheckAtExit();
  std::unique_ptr<Runtime> runtime(new Runtime(system, options));
  TROUPE_RETURN_IF_ERROR(runtime->StartShards(options));
  return runtime;
}

absl::Status Runtime::StartShards(const SystemOptions& options) {
  // 0 means "none" in a handle.
  incarnation_ = std::max<uint64_t>(platform_->RandomSeed(), 1);
  shutdown_event_ = platform_->MakeEvent();
  empty_event_ = platform_->MakeEvent();
  std::vector<int> signals = options.shutdown_signals;
  signals.insert(signals.end(), options.handled_signals.begin(), options.handled_signals.end());
  platform_->MaskSignals(signals);

  const int cores = platform_->usable_cores();
  const int count = options.shards > 0 ? options.shards : cores;
  const bool enough_cores = count <= cores && !platform_->simulated();
  const bool pin =
      enough_cores && options.pin.value_or(count == cores && !platform_->cores_pinned());
  const LoopOptions loop_options{
      .spin_before_sleep = enough_cores ? limits_.spin_before_sleep : absl::ZeroDuration(),
      .timer_slack_max = platform_->simulated() ? absl::ZeroDuration() : limits_.timer_slack_max,
      .timers_per_turn_max = limits_.turn_timers_max};
  for (int i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<Shard>(*this, static_cast<uint16_t>(i),
                                              static_cast<uint16_t>(count), limits_,
                                              platform_->RandomSeed()));
    TROUPE_ASSIGN_OR_RETURN(std::unique_ptr<Loop> loop,
                            Loop::Make(*platform_, limits_, loop_options, &shards_.back()->turn()));
    shards_.back()->set_loop(std::move(loop));
  }
  links_ = std::make_unique<ShardLinks>(shards_.size(), limits_.shard_ring_messages);
  {
    MutexLock lock(mutex_);
    leases_.resize(count);
  }
  TROUPE_ASSIGN_OR_RETURN(
      std::unique_ptr<WorkerThreads> blocking,
      platform_->StartWorkers("blocking", static_cast<int>(limits_.blocking_pool_threads),
                              static_cast<int>(limits_.worker_queue_max)));
  blocking_pool_ = std::make_unique<WorkerPool>(
      "blocking", static_cast<int>(limits_.blocking_pool_threads), std::move(blocking));
  running_ = true;
  for (int i = 0; i < count; ++i) {
    TROUPE_ASSIGN_OR_RETURN(
        std::unique_ptr<Executor> executor,
        platform_->StartLoop({.name = absl::StrCat("shard-", i), .pin = pin}, &shards_[i]->turn()));
    executors_.push_back(std::move(executor));
  }
  return shutdown_signals_.Begin(*this, options.shutdown_signals);
}

Runtime::~Runtime() {
  if (running_) ShutDown().IgnoreError();
  if (!stuck_) {
    // An actor that is left may have a pool, which it gives back here.
    shards_.clear();
    return;
  }
  // What a stuck thread may still touch is never freed; a leak checker finds it here.
  static auto* const kept = new std::vector<const void*>;
  for (auto& shard : shards_) kept->push_back(shard.release());
  kept->push_back(links_.release());
  kept->push_back(owned_platform_.release());
}

// --- The way down. ---

void Runtime::RequestShutdown() {
  stopping_.store(true, std::memory_order_release);
  shutdown_event_->Notify();
}

void Runtime::WaitForShutdownRequest() { shutdown_event_->WaitUntil(Instant::Infinite()); }

void Runtime::SetEnd(End end) {
  end_.store(end, std::memory_order_relaxed);
  for (auto& shard : shards_) shard->loop().waker().Publish();
}

void Runtime::PostSurely(Shard& shard, std::function<void()> task) {
  while (!shard.inbox().Post(task)) {
    // Full of messages for a moment: the shard empties it.
    platform_->MakeEvent()->WaitUntil(platform_->clock().Now() + absl::Milliseconds(1));
  }
}

void Runtime::ActorsGone() {
  if (empty_shards_.fetch_add(1, std::memory_order_acq_rel) + 1 == shards_.size()) {
    empty_event_->Notify();
  }
}

void Runtime::NoteQuiet() {
  quiet_shards_.fetch_add(1, std::memory_order_acq_rel);
  for (auto& shard : shards_) shard->loop().waker().Publish();
}

absl::Status Runtime::ShutDown() {
  if (shut_down_) return absl::OkStatus();
  shut_down_ = true;
  RequestShutdown();
  absl::Status outcome;
  const Instant deadline = platform_->clock().Now() + limits_.drain_timeout;
  if (executors_.size() == shards_.size()) {
    SetEnd(End::kStop);
    if (!empty_event_->WaitUntil(deadline)) {
      SetEnd(End::kKill);
      const absl::Duration more = std::max(limits_.drain_timeout, kIdleThreadEnds);
      const bool gone = empty_event_->WaitUntil(platform_->clock().Now() + more);
      if (!gone) NameStuckShards();
      // A shard without actors may be late in saying so: nothing was lost by it.
      if (!gone || any_killed_.load(std::memory_order_acquire)) {
        outcome = absl::DeadlineExceededError("actors did not stop within drain_timeout");
      }
    }
  }
  if (Router* const router = this->router()) {
    router->Drain(std::max(deadline, platform_->clock().Now() + absl::Seconds(1)));
  }
  StopPools(outcome);
  JoinShards();
  // A second signal is heard for as long as a shard may keep this waiting.
  shutdown_signals_.End();
  running_ = false;
  CurrentLogSink().Flush();
  return outcome;
}

void Runtime::StopPools(absl::Status& outcome) {
  const Instant deadline = platform_->clock().Now() + limits_.drain_timeout;
  // Actors that did not stop in time may still post to them: they stay where they are.
  std::vector<WorkerPool*> pools;
  {
    MutexLock lock(mutex_);
    for (auto& pool : pools_) pools.push_back(pool.get());
  }
  if (blocking_pool_ != nullptr) pools.push_back(blocking_pool_.get());
  // All at once: one that is stuck costs the others none of their time.
  for (WorkerPool* const pool : pools) pool->Close();
  for (WorkerPool* const pool : pools) {
    const int stuck = pool->Stop(std::max(deadline, platform_->clock().Now() + kIdleThreadEnds));
    if (stuck == 0) continue;
    TROUPE_LOG(kError, "shutdown: ", stuck, " threads of the pool \"", pool->name(),
               "\" did not come back within drain_timeout");
    outcome = absl::DeadlineExceededError("workers did not stop within drain_timeout");
    stuck_ = true;
  }
}

// From this thread: a shard in a handler that does not return says nothing any more.
void Runtime::NameStuckShards() {
  std::vector<std::shared_ptr<Event>> answers;
  for (auto& shard : shards_) {
    // Shared with a task that a stuck shard runs much later, or never.
    const std::shared_ptr<Event> answer = platform_->MakeEvent();
    shard->inbox().Post([answer] { answer->Notify(); });
    answers.push_back(answer);
  }
  const Instant deadline = platform_->clock().Now() + absl::Seconds(1);
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i]->WaitUntil(deadline)) continue;
    TROUPE_LOG(kError, "shutdown: shard ", i,
               " does not answer: a handler on it has not returned, and the end waits for it");
  }
}

void Runtime::JoinShards() {
  leaving_.store(true, std::memory_order_release);
  for (auto& shard : shards_) shard->loop().waker().Publish();
  for (auto& executor : executors_) executor->Join();
  // Release: pairs with the load in left(). The wakers' read-modify-writes order it against the
  // one of whoever posts meanwhile: either they see it, or their work is seen here.
  left_.store(true, std::memory_order_release);
  for (auto& shard : shards_) shard->loop().waker().Publish();
  Sweep();
}

void Runtime::Sweep() {
  MutexLock lock(sweep_mutex_);
  for (bool more = true; more;) {
    more = false;
    for (auto& shard : shards_) more |= shard->turn().RunLast();
  }
  // What went home in the last round.
  for (auto& shard : shards_) shard->turn().RunLast();
}

// --- Spawns from outside. ---

uint64_t Runtime::RememberUnborn(absl::Status why) {
  MutexLock lock(mutex_);
  const uint64_t generation = unborn_next_++;
  if (unborn_.size() <= generation % kUnbornMax) unborn_.emplace_back();
  unborn_[generation % kUnbornMax] = std::move(why);
  return generation;
}

absl::Status Runtime::WhyUnborn(uint64_t generation) {
  MutexLock lock(mutex_);
  if (generation < unborn_next_ && generation + kUnbornMax >= unborn_next_) {
    return unborn_[generation % kUnbornMax];
  }
  return absl::UnknownError("the actor was never born; why is forgotten");
}

AnyRef Runtime::UnbornRef(const absl::Status& why) {
  return AnyRef(system_, incarnation_, 0, Births::kUnbornSlot, RememberUnborn(why));
}

absl::Status Runtime::ClaimAndPrepare(const std::string& name, const AnyRef& ref,
                                      Instance& instance) {
  TROUPE_RETURN_IF_ERROR(instance.Prepare());
  if (name.empty()) return absl::OkStatus();
  return names_.Claim(name, {.ref = ref, .service = instance.info().service});
}

uint16_t Runtime::PickShard(const Placement& placement) {
  if (placement.shard >= 0) return static_cast<uint16_t>(placement.shard);
  return static_cast<uint16_t>(next_shard_.fetch_add(1, std::memory_order_relaxed) %
                               shards_.size());
}

std::optional<SlotLease> Runtime::LeaseOn(uint16_t shard) {
  MutexLock lock(mutex_);
  return shards_[shard]->slots_table().LeaseFrom(leases_[shard]);
}

std::pair<AnyRef, absl::Status> Runtime::SpawnFromOutside(InstancePtr instance,
                                                          SpawnOptions&& options) {
  const auto refuse = [this](absl::Status why) {
    return std::pair<AnyRef, absl::Status>(UnbornRef(why), why);
  };
  if (stopping()) return refuse(absl::UnavailableError("the system is stopping"));
  if (const absl::Status valid = Validate(options); !valid.ok()) return refuse(valid);
  if (options.placement.shard >= static_cast<int>(shards_.size())) {
    return refuse(absl::InvalidArgumentError(
        absl::StrCat("placement names shard ", options.placement.shard, " of ", shards_.size())));
  }
  const uint16_t index = PickShard(options.placement);
  Shard* const shard = shards_[index].get();
  const std::optional<SlotLease> leased = LeaseOn(index);
  if (!leased.has_value()) {
    return refuse(absl::ResourceExhaustedError(absl::StrCat(
        "actors_per_shard_max (", limits_.actors_per_shard_max, ") actors live on shard ", index)));
  }
  const SlotLease lease = *leased;
  const AnyRef ref(system_, incarnation_, index, lease.slot, lease.generation);
  absl::Status refused = ClaimAndPrepare(options.name, ref, *instance);
  if (!refused.ok()) {
    {
      MutexLock lock(mutex_);
      leases_[index].push_back(lease);
    }
    return refuse(std::move(refused));
  }
  struct Installation {
    SlotLease lease;
    InstancePtr instance;
    SpawnOptions options;
  };
  auto install =
      std::make_shared<Installation>(Installation{lease, std::move(instance), std::move(options)});
  const std::string name = install->options.name;
  if (shard->inbox().Post([shard, install] {
        shard->births().Install(install->lease, std::move(install->instance), install->options,
                                AnyRef());
      })) {
    return {ref, absl::OkStatus()};
  }
  // Others may know the handle by its name: nobody else ever gets it.
  if (!name.empty()) names_.Release(name, ref);
  shard->slots_table().Burn(lease);
  shard->loop().waker().Publish();
  return refuse(shard->inbox().WhyFull(0));
}

absl::StatusOr<WorkerPool*> Runtime::StartPool(const std::string& name, int threads,
                                               int queue_max) {
  MutexLock lock(mutex_);
  // From here on StopPools() has the pools.
  if (stopping()) return absl::UnavailableError("the system is stopping");
  retired_pools_.clear();
  const uint64_t others = worker_threads_ + limits_.blocking_pool_threads;
  if (others + static_cast<uint64_t>(threads) > limits_.worker_threads_max) {
    return absl::ResourceExhaustedError(absl::StrCat("worker_threads_max (",
                                                     limits_.worker_threads_max, "): ", threads,
                                                     " threads are wanted and ", others, " run"));
  }
  TROUPE_ASSIGN_OR_RETURN(std::unique_ptr<WorkerThreads> started,
                          platform_->StartWorkers(name, threads, queue_max));
  worker_threads_ += static_cast<uint64_t>(threads);
  pools_.push_back(std::make_unique<WorkerPool>(name, threads, std::move(started)));
  return pools_.back().get();
}

void Runtime::RetirePool(WorkerPool* pool) {
  pool->Close();
  MutexLock lock(mutex_);
  const auto it = std::find_if(pools_.begin(), pools_.end(),
                               [pool](const auto& each) { return each.get() == pool; });
  worker_threads_ -= static_cast<uint64_t>(pool->threads_count());
  retired_pools_.push_back(std::move(*it));
  pools_.erase(it);
}

}  // namespace troupe::internal
