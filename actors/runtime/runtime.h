#ifndef TROUPE_ACTORS_RUNTIME_RUNTIME_H_
#define TROUPE_ACTORS_RUNTIME_RUNTIME_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "troupe/actors/cells/slot_lease.h"
#include "troupe/actors/events/shutdown_signals.h"
#include "troupe/actors/mail/shard_link.h"
#include "troupe/actors/runtime/worker_pool.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/name_table.h"
#include "troupe/actors/system_options.h"
#include "troupe/actors/typing/instance.h"
#include "troupe/base/limits.h"
#include "troupe/base/mutex.h"
#include "troupe/loop/platform.h"

namespace troupe {

class MessageTracer;
class System;

namespace internal {

class Router;

// What the shards of one system share, and their start and end.
//
// Thread: set once before the shards run, but for what says so.
class Runtime {
 public:
  // Errors: INVALID_ARGUMENT for options out of range; RESOURCE_EXHAUSTED when the kernel gives
  // no thread or descriptor.
  static absl::StatusOr<std::unique_ptr<Runtime>> Start(System* system, SystemOptions options);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  System* system() { return system_; }
  Platform& platform() { return *platform_; }
  MessageTracer* tracer() const { return tracer_; }
  const Limits& limits() const { return limits_; }
  uint64_t incarnation() const { return incarnation_; }
  // The process that started it.
  int process_id() const { return process_id_; }
  size_t shard_count() const { return shards_.size(); }
  Shard& shard(size_t index) { return *shards_[index]; }
  ShardLinks& links() { return *links_; }
  NameTable& names() { return names_; }
  WorkerPool& blocking_pool() { return *blocking_pool_; }

  // The transport's, while a node runs. Thread: any.
  Router* router() const { return router_.load(std::memory_order_acquire); }
  void set_router(Router* router) { router_.store(router, std::memory_order_release); }

  // No more spawns from outside, no new work. Thread: any.
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }
  // Begins the end; idempotent. Thread: any.
  void RequestShutdown();
  // Blocks until RequestShutdown() or one of the handled signals.
  void WaitForShutdownRequest();
  // The whole way down, in order; returns what did not end in time, if anything. Foreign threads.
  absl::Status ShutDown();

  // From a thread that is no shard's. Thread: any.
  std::pair<AnyRef, absl::Status> SpawnFromOutside(InstancePtr instance, SpawnOptions&& options);
  // Gives the generation of a handle that is dead from birth; its Down will say `why`, unless
  // kUnbornMax more were refused meanwhile.
  // Thread: any.
  uint64_t RememberUnborn(absl::Status why);
  absl::Status WhyUnborn(uint64_t generation);
  AnyRef UnbornRef(const absl::Status& why);
  // The last that may refuse a spawn: from then on others may know the handle.
  absl::Status ClaimAndPrepare(const std::string& name, const AnyRef& ref, Instance& instance);
  uint16_t PickShard(const Placement& placement);

  // Runs `task` on `shard`, waiting for room in its inbox. Threads that are no shard's.
  void PostSurely(Shard& shard, std::function<void()> task);

  // Starts a pool, which lives until RetirePool() or the end.
  // Errors: RESOURCE_EXHAUSTED past worker_threads_max or when the system has no thread;
  // UNAVAILABLE in a stopping system.
  // Thread: any.
  absl::StatusOr<WorkerPool*> StartPool(const std::string& name, int threads, int queue_max);
  // Its jobs are done and nobody posts to it any more: its threads end, and count no longer.
  // Thread: any.
  void RetirePool(WorkerPool* pool);

  // Shards say when they have no actor left, and when they have nothing more to say.
  // Thread: any shard.
  void ActorsGone();
  void NoteQuiet();
  // Actors of the shard are ended that did not stop in time.
  void NoteKilled() { any_killed_.store(true, std::memory_order_release); }
  bool AllQuiet() const {
    // Only those that were started leave.
    return quiet_shards_.load(std::memory_order_acquire) == executors_.size();
  }
  // How far the end of all actors has got. Each shard looks at it in each of its turns, so that a
  // shard which takes none holds up no other. Thread: any.
  enum class End : uint8_t { kNotYet, kStop, kKill };
  End end() const { return end_.load(std::memory_order_relaxed); }
  bool leaving() const { return leaving_.load(std::memory_order_acquire); }
  // Once it leaves: a pool's thread did not come back, and holds what waits for its job.
  bool stuck() const { return stuck_; }
  // All shards' threads have ended. Thread: any.
  bool left() const { return left_.load(std::memory_order_acquire); }
  // After what was put into a shard's inbox: when no shard runs any more, it is seen to here.
  // Thread: any.
  void SweepIfLeft() {
    if (left()) [[unlikely]]
      Sweep();
  }
  bool running() const { return running_; }

 private:
  static constexpr size_t kUnbornMax = 1024;

  Runtime(System* system, SystemOptions options);

  absl::Status StartShards(const SystemOptions& options);
  std::optional<SlotLease> LeaseOn(uint16_t shard);
  void StopPools(absl::Status& outcome);
  void JoinShards();
  void NameStuckShards();
  void Sweep();
  void SetEnd(End end);

  // Set once.
  System* const system_;
  std::unique_ptr<Platform> owned_platform_;
  Platform* platform_;
  MessageTracer* tracer_ = nullptr;
  const Limits limits_;
  uint64_t incarnation_ = 0;
  const int process_id_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<ShardLinks> links_;
  std::vector<std::unique_ptr<Executor>> executors_;
  std::unique_ptr<WorkerPool> blocking_pool_;
  std::unique_ptr<Event> shutdown_event_;
  std::unique_ptr<Event> empty_event_;
  bool running_ = false;
  bool shut_down_ = false;
  bool stuck_ = false;
  ShutdownSignals shutdown_signals_;

  // Any thread.
  NameTable names_;
  std::atomic<Router*> router_{nullptr};
  std::atomic<bool> stopping_{false};
  // Relaxed: the wakers, published behind it, order it.
  std::atomic<End> end_{End::kNotYet};
  std::atomic<bool> any_killed_{false};
  std::atomic<bool> leaving_{false};
  std::atomic<bool> left_{false};
  std::atomic<size_t> quiet_shards_{0};
  std::atomic<size_t> empty_shards_{0};
  std::atomic<uint32_t> next_shard_{0};
  // Spawns and pools made from outside must have their answer at once, so these are locks rather
  // than messages; no message's path meets them.
  Mutex mutex_;
  std::vector<std::vector<SlotLease>> leases_ ABSL_GUARDED_BY(mutex_);
  // Why spawns were refused: generation g at place g % kUnbornMax.
  std::vector<absl::Status> unborn_ ABSL_GUARDED_BY(mutex_);
  uint64_t unborn_next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<WorkerPool>> pools_ ABSL_GUARDED_BY(mutex_);
  // Their threads end by themselves, and are joined when the next pool is started.
  std::vector<std::unique_ptr<WorkerPool>> retired_pools_ ABSL_GUARDED_BY(mutex_);
  uint64_t worker_threads_ ABSL_GUARDED_BY(mutex_) = 0;
  // Whoever holds it runs the shards that have left: nobody is there to take a message.
  Mutex sweep_mutex_;
};

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_RUNTIME_RUNTIME_H_
