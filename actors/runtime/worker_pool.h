#ifndef TROUPE_ACTORS_RUNTIME_WORKER_POOL_H_
#define TROUPE_ACTORS_RUNTIME_WORKER_POOL_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "troupe/base/instant.h"
#include "troupe/loop/platform.h"

namespace troupe::internal {

class Shard;

// A job that a shard gives to a worker thread and takes back when it is done.
//
// Thread:   Work() a worker's; Complete() the shard's that posted it.
// Lifetime: on the heap; Complete() is its last call and may delete it.
class ShardWork : public WorkItem {
 public:
  explicit ShardWork(Shard& home) : home_(home) {}

  void Run(int thread) final;
  void Abandon() final;

  // Blocking and CPU work is done here; throws nothing.
  virtual void Work(int thread) = 0;
  // Back on the shard. `abandoned`: the pool ended before Work() was called.
  virtual void Complete(bool abandoned) = 0;

  ShardWork* next_done = nullptr;
  bool abandoned() const { return abandoned_; }

 protected:
  ~ShardWork() = default;
  // Thread: any.
  Shard& home() const { return home_; }

 private:
  Shard& home_;
  bool abandoned_ = false;
};

// The work of one shard that is done, pushed by workers and taken all at once by the shard.
//
// Thread: Push any; TakeAll and Empty the shard's.
// Bounds: the queues and threads of the pools that the shard posted to.
class CompletionStack {
 public:
  void Push(ShardWork* work) {
    ShardWork* head = head_.load(std::memory_order_relaxed);
    do {
      work->next_done = head;
      // Release: pairs with the acquire in TakeAll, which then sees what the worker wrote.
    } while (!head_.compare_exchange_weak(head, work, std::memory_order_release,
                                          std::memory_order_relaxed));
  }

  // Oldest first, through next_done.
  ShardWork* TakeAll() {
    // Acquire: pairs with the release in Push.
    ShardWork* newest = head_.exchange(nullptr, std::memory_order_acquire);
    ShardWork* oldest_first = nullptr;
    while (newest != nullptr) {
      ShardWork* const next = newest->next_done;
      newest->next_done = oldest_first;
      oldest_first = newest;
      newest = next;
    }
    return oldest_first;
  }

  bool Empty() const { return head_.load(std::memory_order_acquire) == nullptr; }

 private:
  std::atomic<ShardWork*> head_{nullptr};
};

// Named threads for blocking or CPU work.
//
// Thread: any, but for Stop().
class WorkerPool {
 public:
  WorkerPool(std::string name, int threads_count, std::unique_ptr<WorkerThreads> threads)
      : name_(std::move(name)), threads_count_(threads_count), threads_(std::move(threads)) {}

  bool TryPost(ShardWork* work) { return threads_->TryPost(work); }

  // No more jobs: the threads end once they are done.
  void Close() { threads_->Close(); }

  // Returns how many threads are stuck in a job.
  int Stop(Instant deadline) { return threads_->Stop(deadline); }

  const std::string& name() const { return name_; }
  int threads_count() const { return threads_count_; }

 private:
  const std::string name_;
  const int threads_count_;
  const std::unique_ptr<WorkerThreads> threads_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_RUNTIME_WORKER_POOL_H_
