#include "troupe/actors/worker.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/runtime.h"
#include "troupe/actors/runtime_wait.h"
#include "troupe/actors/service.h"
#include "troupe/base/logging.h"
#include "troupe/base/status_macros.h"
#include "troupe/base/text.h"

namespace troupe::internal {

WorkJob::WorkJob(Shard& home, WorkerFront& front, Envelope& envelope)
    : ShardWork(home), front_(&front), envelope_(&envelope), pool_(front.pool()) {}

void WorkJob::Work(int thread) {
  if (cancelled_.load(std::memory_order_relaxed)) return;
  const Instant now = home().loop().platform().clock().Now();
  if (Instant{envelope_->deadline} < now) {
    expired_ = true;
    return;
  }
  const absl::Duration remaining = Instant{envelope_->deadline} - now;
  WorkerContext context(thread, remaining, &cancelled_);
  const JobDeadline until(Instant{envelope_->deadline});
  try {
    Handle(*pool_->workers[thread], context);
  } catch (const std::exception& thrown) {
    failure_ = absl::StrCat("exception: ", thrown.what());
  } catch (...) {
    failure_ = "exception that is no std::exception";
  }
}

void WorkJob::Complete(bool abandoned) {
  Shard& shard = *Shard::Current();
  if (front_ != nullptr) front_->Forget(*this);
  if (expired_) {
    ++shard.counters().expired;  // Its asker knows by itself.
  } else if (abandoned || cancelled_.load(std::memory_order_relaxed)) {
    shard.ReplyError(
        *envelope_, WithCertainty(absl::CancelledError("the job was given up"),
                                  abandoned ? Certainty::kNotExecuted : Certainty::kMaybeExecuted));
  } else if (!failure_.empty()) {
    ++shard.counters().failures;
    TROUPE_LOG(kWarning, "a worker failed in ", AbslView(envelope_->type->name), ": ", failure_);
    shard.ReplyError(*envelope_,
                     WithCertainty(absl::InternalError(failure_), Certainty::kMaybeExecuted));
  } else {
    Answer();
  }
  DestroyMessage();
  shard.Recycle(envelope_);
  delete this;
}

WorkerFront::~WorkerFront() {
  for (WorkJob* job = jobs_; job != nullptr; job = job->next_) {
    job->front_ = nullptr;
    job->GiveUp();
  }
}

Progress WorkerFront::Accept(std::unique_ptr<WorkJob> job) {
  if (pool_->threads == nullptr || !pool_->threads->TryPost(job.get())) {
    Envelope& envelope = job->envelope();
    Shard& shard = *Shard::Current();
    ++shard.counters().refused_full;
    // As it was in transit: the refusal names its target.
    const Cell& cell = *envelope.cell;
    envelope.slot = cell.slot;
    envelope.generation = cell.generation;
    shard.Refuse(&envelope, absl::ResourceExhaustedError("the workers' queue is full"),
                 Certainty::kNotExecuted);
    return Progress::kSuspended;
  }
  WorkJob* const posted = job.release();
  posted->next_ = jobs_;
  if (jobs_ != nullptr) jobs_->prev_ = posted;
  jobs_ = posted;
  return Progress::kSuspended;
}

void WorkerFront::Forget(WorkJob& job) {
  if (job.next_ != nullptr) job.next_->prev_ = job.prev_;
  if (job.prev_ != nullptr) {
    job.prev_->next_ = job.next_;
  } else {
    jobs_ = job.next_;
  }
}

void WorkerFront::CancelJob(uint16_t asker_shard, uint64_t ask) {
  for (WorkJob* job = jobs_; job != nullptr; job = job->next_) {
    if (job->envelope().ask == ask && job->envelope().sender_shard == asker_shard) {
      job->GiveUp();
      return;
    }
  }
}

WorkerFrontPool::~WorkerFrontPool() {
  if (threads != nullptr) runtime.RetirePool(threads);
}

absl::Status WorkerFrontPool::Validate() const {
  if (options.threads < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("a pool of workers has ", options.threads, " threads, and not at least 1"));
  }
  if (options.queue_max < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("queue_max is ", options.queue_max, ", and not at least 1"));
  }
  const uint32_t threads_max = runtime.limits().worker_threads_max;
  if (static_cast<uint32_t>(options.threads) > threads_max) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "worker_threads_max (", threads_max, "): ", options.threads, " threads are wanted"));
  }
  return absl::OkStatus();
}

absl::Status WorkerFrontPool::Start() {
  TROUPE_RETURN_IF_ERROR(Validate());
  const auto queue_max =
      std::min(static_cast<uint32_t>(options.queue_max), runtime.limits().worker_queue_max);
  TROUPE_ASSIGN_OR_RETURN(threads, runtime.StartPool(options.name.empty() ? "worker" : options.name,
                                                     options.threads, static_cast<int>(queue_max)));
  return absl::OkStatus();
}

namespace {

class FrontInstance final : public Instance {
 public:
  FrontInstance(const ActorInfo* info, std::shared_ptr<WorkerFront::Pool> pool)
      : Instance(info, /*restartable=*/true), pool_(std::move(pool)) {}

  absl::Status Prepare() override { return pool_->Start(); }
  Actor* Create() override {
    front_ = std::make_unique<WorkerFront>(pool_);
    return front_.get();
  }
  void Destroy() override { front_.reset(); }
  bool is_worker_front() const override { return true; }

 private:
  const std::shared_ptr<WorkerFront::Pool> pool_;
  std::unique_ptr<WorkerFront> front_;
};

}  // namespace

std::unique_ptr<Instance> MakeFrontInstance(const ActorInfo* info,
                                            std::shared_ptr<WorkerFront::Pool> pool) {
  return std::make_unique<FrontInstance>(info, std::move(pool));
}

SpawnOptions FrontOptions(const WorkerOptions& options) {
  return {.name = options.name, .placement = options.placement};
}

bool IsWorkerFront(const Cell& cell) {
  return cell.instance != nullptr && cell.instance->is_worker_front();
}

Server ServerOf(const ServiceInfo& service) {
  const Instance& instance = *Shard::Current()->current_cell()->instance;
  if (instance.info().service != &service) return Server::kNone;
  return instance.is_worker_front() ? Server::kWorkers : Server::kActor;
}

void RefuseNotServed(Envelope& envelope) {
  Shard& shard = *Shard::Current();
  if (envelope.ask == 0) ++shard.counters().dead_letters;
  shard.ReplyError(
      envelope,
      WithCertainty(absl::UnimplementedError(absl::StrCat(
                        "the actor does not serve ", AbslView(envelope.type->method->service))),
                    Certainty::kNotExecuted));
}

}  // namespace troupe::internal
