#include "troupe/actors/worker.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/asks/runtime_wait.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/service.h"
#include "troupe/base/logging.h"
#include "troupe/base/status_macros.h"
#include "troupe/base/text.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {

WorkJob::WorkJob(Shard& home, WorkerFront& front, Envelope& envelope)
    : ShardWork(home),
      front_(&front),
      envelope_(&envelope),
      target_(home.RefOf(*envelope.cell)),
      pool_(front.pool()) {}

void WorkJob::Work(int thread) {
  if (cancelled_.load(std::memory_order_relaxed)) return;
  const Instant now = home().loop().platform().clock().Now();
  if (Instant{envelope_->deadline} < now) {
    expired_ = true;
    return;
  }
  const absl::Duration remaining = Instant{envelope_->deadline} - now;
  started_ = true;
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
  const bool pool_ended = front_ == nullptr;
  if (!pool_ended) front_->Forget(*this);
  if (expired_) {
    ++shard.counters().expired;  // Its asker knows by itself.
  } else if (abandoned || cancelled_.load(std::memory_order_relaxed)) {
    absl::Status why = absl::CancelledError(
        pool_ended ? "the pool of workers has ended, and with it the job" : "the job was given up");
    if (!started_ && envelope_->ask == 0) {
      // It never ran: whoever sent it hears of that.
      shard.dead_letters().RefuseSent(target_, envelope_,
                                      absl::UnavailableError("the pool of workers has ended"),
                                      Certainty::kNotExecuted);
      delete this;
      return;
    }
    shard.dead_letters().ReplyError(
        *envelope_, WithCertainty(std::move(why),
                                  started_ ? Certainty::kMaybeExecuted : Certainty::kNotExecuted));
  } else if (!failure_.empty()) {
    ++shard.counters().failures;
    TROUPE_LOG(kWarning, "a worker failed in ", AbslView(envelope_->type->name), ": ", failure_);
    shard.dead_letters().ReplyError(
        *envelope_, WithCertainty(absl::InternalError(failure_), Certainty::kMaybeExecuted));
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
    job->OnGivenUp();
  }
}

Progress WorkerFront::Accept(std::unique_ptr<WorkJob> job) {
  if (pool_->threads == nullptr || !pool_->threads->TryPost(job.get())) {
    Envelope& envelope = job->envelope();
    Shard& shard = *Shard::Current();
    ++shard.counters().refused_full;
    shard.dead_letters().RefuseSent(
        job->target(), &envelope,
        absl::ResourceExhaustedError(absl::StrCat("the workers' queue is full: queue_max (",
                                                  pool_->QueueMax(), ") messages wait")),
        Certainty::kNotExecuted);
    return Progress::kSuspended;
  }
  WorkJob* const posted = job.release();
  posted->next_ = jobs_;
  if (jobs_ != nullptr) jobs_->prev_ = posted;
  jobs_ = posted;
  if (InboundRequest* const request = Shard::Current()->asks().inbound().Of(posted->envelope())) {
    request->server = posted;
  }
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

int WorkerFrontPool::QueueMax() const {
  return static_cast<int>(
      std::min(static_cast<uint32_t>(options.queue_max), runtime.limits().worker_queue_max));
}

absl::Status WorkerFrontPool::Start() {
  TROUPE_RETURN_IF_ERROR(Validate());
  TROUPE_ASSIGN_OR_RETURN(threads, runtime.StartPool(options.name.empty() ? "worker" : options.name,
                                                     options.threads, QueueMax()));
  return absl::OkStatus();
}

namespace {

class FrontInstance final : public Instance {
 public:
  FrontInstance(const ActorInfo* info, std::shared_ptr<WorkerFront::Pool> pool)
      : Instance(&type_),
        type_{.info = info,
              .create = &Create,
              .destroy = [](Instance& instance) { Self(instance).front_.reset(); },
              .dispose = [](Instance& instance) { delete &Self(instance); },
              .prepare = [](Instance& instance) { return Self(instance).pool_->Start(); },
              .restartable = true},
        pool_(std::move(pool)) {}

 private:
  ~FrontInstance() = default;

  static FrontInstance& Self(Instance& instance) { return static_cast<FrontInstance&>(instance); }
  static Actor* Create(Instance& instance) {
    FrontInstance& self = Self(instance);
    self.front_ = std::make_unique<WorkerFront>(self.pool_);
    return self.front_.get();
  }

  const InstanceType type_;  // Its class is known by its info alone.
  const std::shared_ptr<WorkerFront::Pool> pool_;
  std::unique_ptr<WorkerFront> front_;
};

}  // namespace

InstancePtr MakeFrontInstance(const ActorInfo* info, std::shared_ptr<WorkerFront::Pool> pool) {
  return InstancePtr(new FrontInstance(info, std::move(pool)));
}

SpawnOptions FrontOptions(const WorkerOptions& options) {
  return {.name = options.name, .placement = options.placement};
}

Server ServerOf(const ServiceInfo& service) {
  const Instance& instance = *Shard::Current()->running().cell->instance();
  if (instance.info().service != &service) return Server::kNone;
  return instance.is_worker_front() ? Server::kWorkers : Server::kActor;
}

void RefuseNotServed(Envelope& envelope) {
  Shard& shard = *Shard::Current();
  if (envelope.ask == 0) ++shard.counters().dead_letters;
  shard.dead_letters().ReplyError(
      envelope,
      WithCertainty(absl::UnimplementedError(absl::StrCat(
                        "the actor does not serve ", AbslView(envelope.type->method->service))),
                    Certainty::kNotExecuted));
}

}  // namespace troupe::internal
