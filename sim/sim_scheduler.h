#ifndef TROUPE_SIM_SIM_SCHEDULER_H_
#define TROUPE_SIM_SIM_SCHEDULER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "troupe/base/clock.h"
#include "troupe/base/instant.h"
#include "troupe/base/random.h"
#include "troupe/sim/sim_agenda.h"
#include "troupe/sim/sim_host.h"
#include "troupe/sim/sim_trace.h"
#include "troupe/sim/simulation_options.h"

namespace troupe {

class SimScheduler;

// What stands for a thread: a shard's or a worker's.
class SimTask {
 public:
  SimTask(SimScheduler& scheduler, const SimHost& host, std::string_view name);
  SimTask(const SimTask&) = delete;
  SimTask& operator=(const SimTask&) = delete;

  // Not run again before; Infinite() waits for the next call of this.
  void RunAt(Instant when) { runs_at_ = when; }
  void RunNow() { runs_at_ = {}; }

 protected:
  ~SimTask();
  SimScheduler& scheduler() const { return scheduler_; }

 private:
  friend class SimScheduler;

  // One step. It runs again at once unless it says RunAt().
  virtual void RunStep() = 0;
  // Whether a step may wait for an event, and with that let others run inside of it.
  virtual bool may_wait() const = 0;
  virtual DelayRange step_time() const = 0;

  SimScheduler& scheduler_;
  const SimHost& host_;
  const std::string name_;
  Instant runs_at_ = {};
};

// The one thread that plays all threads, and its virtual clock. Of the tasks that could run, a
// seeded choice runs one step; when none can, time jumps to whatever comes next.
//
// Thread:   the one that made it; each call that drives CHECKs it.
// Lifetime: outlives its tasks.
class SimScheduler final : public Clock {
 public:
  explicit SimScheduler(const SimulationOptions& options);
  ~SimScheduler() override;

  Instant Now() const override { return now_; }
  absl::Time WallNow() const override;

  Random& random() { return random_; }
  SimTrace& trace() { return trace_; }
  const SimulationOptions& options() const { return options_; }

  absl::Duration Draw(const DelayRange& range);
  // True in `share` of the calls.
  bool Draw(double share) { return random_.Unit() < share; }

  void Trace(std::string_view what, std::string_view who, uint64_t detail = 0) {
    trace_.Add(now_, what, who, detail);
  }

  // Runs `event` in the first step at or after `when`.
  void At(Instant when, std::function<void()> event) { agenda_.Add(when, std::move(event)); }
  void After(absl::Duration wait, std::function<void()> event) {
    At(now_ + wait, std::move(event));
  }

  // Runs the simulation until `done()`; false when `deadline` came first. A run that can never
  // get there is a CHECK that names the seed. `host` is who waits; null for the world itself.
  bool DriveUntil(SimHost* host, const std::function<bool()>& done, Instant deadline);

  // The task whose step this is, or null.
  SimTask* running() { return running_; }
  bool HasTasksOf(const SimHost& host) const;

  // Drops what was to happen. No task may be left.
  void Clear() { agenda_.Clear(); }

 private:
  friend class SimTask;

  void Drive(const std::function<bool()>& done, Instant deadline);
  // False when nothing can happen any more.
  bool Step(Instant deadline);
  SimTask* PickRunnable();
  void RunStepOf(SimTask& task);
  Instant NextChange() const;
  void Advance(Instant to);
  [[noreturn]] void Fail(std::string_view why) const;

  const SimulationOptions options_;
  const std::thread::id thread_;
  Random random_;
  SimTrace trace_;
  SimAgenda agenda_;
  Instant now_;
  std::vector<SimTask*> tasks_;  // In the order they were made.
  std::vector<SimTask*> candidates_;
  SimTask* running_ = nullptr;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_SCHEDULER_H_
