#include "troupe/loop/posix_workers.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/mutex.h"

namespace troupe {

// The queue and who is still running. A mutex and no lock-free queue: idle threads have to sleep,
// and a job is worth far more than a lock.
class PosixWorkers::Pool {
 public:
  explicit Pool(int queue_max) : queue_max_(queue_max) {}

  bool TryPush(WorkItem* item) {
    MutexLock lock(mutex_);
    if (stopping_ || waiting_count_ >= queue_max_) return false;
    item->next_work = nullptr;
    (last_ != nullptr ? last_->next_work : first_) = item;
    last_ = item;
    ++waiting_count_;
    work_came_.NotifyOne();
    return true;
  }

  // One worker thread's life.
  void Run(int thread) {
    while (WorkItem* item = Pop()) item->Run(thread);
    MutexLock lock(mutex_);
    finished_.push_back(thread);
    thread_finished_.NotifyAll();
  }

  void Close() {
    MutexLock lock(mutex_);
    stopping_ = true;
    work_came_.NotifyAll();
  }

  // Returns the jobs that nobody will run.
  WorkItem* CloseAndTake() {
    MutexLock lock(mutex_);
    stopping_ = true;
    work_came_.NotifyAll();
    last_ = nullptr;
    waiting_count_ = 0;
    return std::exchange(first_, nullptr);
  }

  // The numbers of the threads that have finished when `count` have, or at the deadline.
  std::vector<int> WaitFinished(size_t count, Instant deadline) {
    MutexLock lock(mutex_);
    while (finished_.size() < count) {
      if (!thread_finished_.WaitUntil(mutex_, deadline)) break;
    }
    return finished_;
  }

 private:
  // Null when the pool is closed.
  WorkItem* Pop() {
    MutexLock lock(mutex_);
    while (first_ == nullptr && !stopping_) work_came_.Wait(mutex_);
    WorkItem* item = first_;
    if (item == nullptr) return nullptr;
    first_ = item->next_work;
    if (first_ == nullptr) last_ = nullptr;
    --waiting_count_;
    return item;
  }

  const int queue_max_;
  Mutex mutex_;
  CondVar work_came_;
  CondVar thread_finished_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  WorkItem* first_ ABSL_GUARDED_BY(mutex_) = nullptr;
  WorkItem* last_ ABSL_GUARDED_BY(mutex_) = nullptr;
  int waiting_count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<int> finished_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<std::unique_ptr<WorkerThreads>> PosixWorkers::Start(const std::string& name,
                                                                   int threads, int queue_max) {
  std::unique_ptr<PosixWorkers> workers(new PosixWorkers(queue_max));
  for (int i = 0; i < threads; ++i) {
    absl::StatusOr<PosixThread> thread = PosixThread::Start(
        {.name = absl::StrCat(name, "-", i)}, [pool = workers->pool_, i] { pool->Run(i); });
    if (!thread.ok()) {
      workers->Stop(Instant::Infinite());
      return thread.status();
    }
    workers->threads_.push_back(*std::move(thread));
  }
  return workers;
}

PosixWorkers::PosixWorkers(int queue_max) : pool_(std::make_shared<Pool>(queue_max)) {}

PosixWorkers::~PosixWorkers() { Stop(Instant::Infinite()); }

bool PosixWorkers::TryPost(WorkItem* item) { return pool_->TryPush(item); }

void PosixWorkers::Close() { pool_->Close(); }

int PosixWorkers::Stop(Instant deadline) {
  for (WorkItem* item = pool_->CloseAndTake(); item != nullptr;) {
    // Whoever owns the job may destroy it from inside the call.
    std::exchange(item, item->next_work)->Abandon();
  }
  if (threads_.empty()) return 0;  // Stopped before.
  const std::vector<int> finished = pool_->WaitFinished(threads_.size(), deadline);
  for (const int thread : finished) threads_[thread].Join();
  for (PosixThread& thread : threads_) thread.Detach();
  const int stuck_count = static_cast<int>(threads_.size() - finished.size());
  threads_.clear();
  return stuck_count;
}

}  // namespace troupe
