#ifndef TROUPE_SIM_SIM_WORKERS_H_
#define TROUPE_SIM_SIM_WORKERS_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "troupe/loop/platform.h"
#include "troupe/sim/sim_scheduler.h"

namespace troupe {

// A pool whose threads take a seeded time for each job and then run it at once. A job that waits
// runs the simulation inside its step: jobs that wait for one another across threads may not end.
class SimWorkers final : public WorkerThreads {
 public:
  SimWorkers(SimScheduler& scheduler, SimHost& host, const std::string& name, int threads,
             int queue_max);
  ~SimWorkers() override;

  // A call of the node that fails is a queue that is full.
  bool TryPost(WorkItem* item) override;
  void Close() override { stopping_ = true; }
  int Stop(Instant deadline) override;

 private:
  class Thread;

  void TakeNext(Thread& thread);
  int BusyCount() const;

  SimScheduler& scheduler_;
  SimHost& host_;
  const size_t queue_max_;
  bool stopping_ = false;
  std::deque<WorkItem*> waiting_;
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_WORKERS_H_
