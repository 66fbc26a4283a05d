#ifndef TROUPE_ACTORS_WORKER_H_
#define TROUPE_ACTORS_WORKER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/asks/request_server.h"
#include "troupe/actors/runtime/worker_pool.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/actors/typing/instance.h"

namespace troupe {

namespace internal {
class Runtime;
}

struct WorkerOptions {
  std::string name = {};  // Names the actor and the threads. Default: none.
  int threads = 1;        // At least 1; limits.worker_threads_max over all pools of a system.
  // Jobs that may wait; the next is refused with RESOURCE_EXHAUSTED. At least 1, and never more
  // than limits.worker_queue_max.
  int queue_max = 128;
  Placement placement = {};
};

// Describes a job to the Worker's handler, which may block.
//
// Thread: the worker's.
class WorkerContext {
 public:
  WorkerContext(int thread, absl::Duration remaining, const std::atomic<bool>* cancelled)
      : thread_(thread), remaining_(remaining), cancelled_(cancelled) {}

  // The time that the caller was still waiting when the job began; infinite without a deadline.
  absl::Duration Remaining() const { return remaining_; }
  // Whether nobody wants the outcome any more: the caller gave up, or the system is stopping.
  bool cancelled() const { return cancelled_->load(std::memory_order_relaxed); }
  // The index of this thread in the pool, from 0.
  int thread() const { return thread_; }

 private:
  const int thread_;
  const absl::Duration remaining_;
  const std::atomic<bool>* const cancelled_;
};

// An actor whose handlers may block: each runs on a dedicated thread. A pool has one object per
// thread, so a handler has its object to itself. A subclass has an On(WorkerContext&, M) for each
// plain message type M, or the methods of a generated Worker base.
//
// Thread:   constructed on the shard that spawns the pool, used by one of the pool's threads.
// Lifetime: until the pool's actor has ended and its running jobs are done; the threads end then.
// Errors:   an exception fails the job: INTERNAL for a request, a log line otherwise.
class Worker {
 public:
  virtual ~Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

 protected:
  Worker() = default;
};

// Implementation details follow.
namespace internal {

class WorkerFront;

// The objects and threads behind one handle.
struct WorkerFrontPool {
  WorkerFrontPool(Runtime& of, const WorkerOptions& wanted) : runtime(of), options(wanted) {}
  // Releases the threads.
  ~WorkerFrontPool();
  WorkerFrontPool(const WorkerFrontPool&) = delete;
  WorkerFrontPool& operator=(const WorkerFrontPool&) = delete;

  absl::Status Validate() const;
  // What may wait: of options and limits the lower bound.
  int QueueMax() const;
  // Starts the threads.
  absl::Status Start();

  Runtime& runtime;
  const WorkerOptions options;
  std::vector<std::unique_ptr<Worker>> workers;
  WorkerPool* threads = nullptr;
};

// One message on its way through a pool.
class WorkJob : public ShardWork, public RequestServer {
 public:
  WorkJob(Shard& home, WorkerFront& front, Envelope& envelope);
  virtual ~WorkJob() = default;

  void Work(int thread) final;
  void Complete(bool abandoned) final;
  void OnGivenUp() final { cancelled_.store(true, std::memory_order_relaxed); }
  Envelope& envelope() { return *envelope_; }
  const AnyRef& target() const { return target_; }

 protected:
  // Called on the worker's thread; may throw.
  virtual void Handle(Worker& worker, WorkerContext& context) = 0;
  // Called on the shard after Handle() has returned.
  virtual void Answer() {}
  virtual void DestroyMessage() = 0;

 private:
  friend class WorkerFront;
  WorkerFront* front_;  // Null once the front is gone.
  Envelope* const envelope_;
  const AnyRef target_;                          // The pool's handle.
  const std::shared_ptr<WorkerFrontPool> pool_;  // The front may end before its jobs do.
  std::atomic<bool> cancelled_{false};
  bool started_ = false;  // The handler was called.
  bool expired_ = false;
  std::string failure_;
  WorkJob* next_ = nullptr;
  WorkJob* prev_ = nullptr;
};

// The actor behind a pool's handle: hands messages to the pool and takes finished jobs back.
class WorkerFront : public Actor {
 public:
  using Pool = WorkerFrontPool;

  explicit WorkerFront(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}
  ~WorkerFront() override;

  // Takes `job`, or refuses its envelope if the queue is full.
  Progress Accept(std::unique_ptr<WorkJob> job);
  void Forget(WorkJob& job);
  const std::shared_ptr<Pool>& pool() const { return pool_; }

 private:
  // Shared with the factory that the spawn keeps, since a restart reuses the threads, and with the
  // jobs, which use the workers until they finish.
  const std::shared_ptr<Pool> pool_;
  WorkJob* jobs_ = nullptr;
};

// A job for a one-way message M.
template <typename W, typename M>
class MessageJob final : public WorkJob {
 public:
  using WorkJob::WorkJob;

 private:
  void Handle(Worker& worker, WorkerContext& context) override {
    static_cast<W&>(worker).On(context, std::move(PayloadAs<M>(envelope())));
  }
  void DestroyMessage() override { DestroyPayload<M>(envelope()); }
};

template <typename W, typename M>
Progress DispatchToWorker(Actor* front, Envelope& envelope) {
  auto& worker_front = *static_cast<WorkerFront*>(front);
  return worker_front.Accept(
      std::make_unique<MessageJob<W, M>>(*Shard::Current(), worker_front, envelope));
}

InstancePtr MakeFrontInstance(const ActorInfo* info, std::shared_ptr<WorkerFront::Pool> pool);
SpawnOptions FrontOptions(const WorkerOptions& options);

template <typename W, typename... Args>
InstancePtr MakeWorkerFront(Runtime& runtime, const WorkerOptions& options, Args&&... args) {
  auto pool = std::make_shared<WorkerFront::Pool>(runtime, options);
  // Invalid options are refused before any thread is started.
  const int workers = pool->Validate().ok() ? options.threads : 0;
  for (int i = 0; i < workers; ++i) pool->workers.push_back(std::make_unique<W>(args...));
  return MakeFrontInstance(&kActorInfo<W>, std::move(pool));
}

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_WORKER_H_
