#include "troupe/sim/sim_workers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace troupe {

class SimWorkers::Thread final : public SimTask {
 public:
  Thread(SimWorkers& workers, SimHost& host, std::string_view name, int number)
      : SimTask(workers.scheduler_, host, name), workers_(workers), number_(number) {
    RunAt(Instant::Infinite());
  }

  bool busy() const { return item_ != nullptr; }

  void Start(WorkItem* item) {
    item_ = item;
    const DelayRange time =
        workers_.host_.options.worker_time.value_or(scheduler().options().worker_time);
    RunAt(scheduler().Now() + scheduler().Draw(time));
  }

 private:
  void RunStep() override {
    RunAt(Instant::Infinite());
    // Whoever owns the job may destroy it as soon as it has run; until then the thread is busy.
    item_->Run(number_);
    item_ = nullptr;
    workers_.TakeNext(*this);
  }
  bool may_wait() const override { return true; }
  DelayRange step_time() const override { return {}; }

  SimWorkers& workers_;
  const int number_;
  WorkItem* item_ = nullptr;
};

SimWorkers::SimWorkers(SimScheduler& scheduler, SimHost& host, const std::string& name, int threads,
                       int queue_max)
    : scheduler_(scheduler), host_(host), queue_max_(static_cast<size_t>(queue_max)) {
  for (int i = 0; i < threads; ++i) {
    threads_.push_back(std::make_unique<Thread>(*this, host, absl::StrCat(name, "-", i), i));
  }
}

SimWorkers::~SimWorkers() { Stop(Instant::Infinite()); }

bool SimWorkers::TryPost(WorkItem* item) {
  if (stopping_ || !host_.calls.Make("post a job").ok()) return false;
  const auto idle = std::find_if(threads_.begin(), threads_.end(),
                                 [](const auto& thread) { return !thread->busy(); });
  if (idle != threads_.end()) {
    (*idle)->Start(item);
    return true;
  }
  if (waiting_.size() >= queue_max_) return false;
  waiting_.push_back(item);
  return true;
}

void SimWorkers::TakeNext(Thread& thread) {
  if (waiting_.empty()) return;
  thread.Start(waiting_.front());
  waiting_.pop_front();
}

int SimWorkers::BusyCount() const {
  return static_cast<int>(std::count_if(threads_.begin(), threads_.end(),
                                        [](const auto& thread) { return thread->busy(); }));
}

int SimWorkers::Stop(Instant deadline) {
  stopping_ = true;
  for (WorkItem* const item : std::exchange(waiting_, {})) item->Abandon();
  // A shard may join threads that have nothing to do, but it may not wait.
  if (BusyCount() > 0) {
    scheduler_.DriveUntil(
        &host_, [this] { return BusyCount() == 0; }, host_.clock.WorldAt(deadline));
  }
  // What is still in a job never comes back.
  const int stuck_count = BusyCount();
  threads_.clear();
  return stuck_count;
}

}  // namespace troupe
