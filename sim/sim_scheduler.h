#ifndef TROUPE_SIM_SIM_SCHEDULER_H_
#define TROUPE_SIM_SIM_SCHEDULER_H_

#include <algorithm>
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
#include "troupe/sim/sim_descriptors.h"
#include "troupe/sim/sim_host.h"
#include "troupe/sim/sim_story.h"
#include "troupe/sim/sim_trace.h"
#include "troupe/sim/simulation_options.h"

namespace troupe {

class SimScheduler;

// Stands for a thread, a shard's or a worker's.
class SimTask {
 public:
  SimTask(SimScheduler& scheduler, SimHost& host, std::string_view name);
  SimTask(const SimTask&) = delete;
  SimTask& operator=(const SimTask&) = delete;

  // Sets the instant of the next step, in the simulation's time; Infinite() waits for another call.
  void RunAt(Instant when) {
    runs_at_ = when;
    UpdateReadyAt();
  }
  void RunNow() { RunAt({}); }

 protected:
  ~SimTask();
  SimScheduler& scheduler() const { return scheduler_; }

 private:
  friend class SimScheduler;

  // Runs one step. The next one follows once the time of this one is over, unless RunAt() was
  // called for later.
  virtual void RunStep() = 0;
  // Whether a step may wait for an event, which runs other tasks inside it.
  virtual bool may_wait() const = 0;
  virtual DelayRange step_time() const = 0;

  void UpdateReadyAt() { ready_at_ = std::max({runs_at_, busy_until_, paused_until_}); }

  SimScheduler& scheduler_;
  SimHost& host_;
  const std::string name_;
  Instant runs_at_ = {};
  Instant busy_until_ = {};    // With the step before.
  Instant paused_until_ = {};  // The thread alone.
  Instant ready_at_ = {};      // The latest of these.
};

// Plays all threads on one, with a virtual clock. A seeded choice among the runnable tasks runs one
// step; if none can run, time jumps to the next event. A step takes no time of the others: it keeps
// its own thread busy, and a core of its machine.
//
// Thread:   the one that made it, CHECKed by every call that drives.
// Lifetime: outlives its tasks.
class SimScheduler final : public Clock {
 public:
  explicit SimScheduler(const SimulationOptions& options);
  ~SimScheduler() override;

  Instant Now() const override { return now_; }
  absl::Time WallNow() const override;

  Random& random() { return random_; }
  SimTrace& trace() { return trace_; }
  SimStory& story() { return story_; }
  SimDescriptors& descriptors() { return descriptors_; }
  const SimulationOptions& options() const { return options_; }

  absl::Duration Draw(const DelayRange& range) { return troupe::Draw(random_, range); }
  // Returns true in `share` of the calls.
  bool Draw(double share) { return random_.Unit() < share; }

  void Trace(std::string_view what, std::string_view who, uint64_t detail = 0) {
    trace_.Add(now_, what, who, detail);
  }

  // Runs `event` in the first step at or after `when`.
  void At(Instant when, std::function<void()> event) { agenda_.Add(when, std::move(event)); }
  void After(absl::Duration wait, std::function<void()> event) {
    At(now_ + wait, std::move(event));
  }

  // Runs the simulation until `done()`; returns false if `deadline` came first. CHECKs, naming the
  // seed, that the run can make progress. `host` is the waiting node, or null for the test itself.
  // If it is the process of a crashed node that waits, only its own threads run, and once it has
  // what it waits for, no time has passed for anybody else.
  bool DriveUntil(SimHost* host, const std::function<bool()>& done, Instant deadline);

  // The task whose step is running, or null.
  SimTask* running() { return running_; }
  bool HasTasksOf(const SimHost& host) const;
  // Keeps the thread of `host` with that name from running until `end`. False if there is none.
  bool PauseThread(const SimHost& host, std::string_view name, Instant end);
  // Ends all pauses of `host` and its threads.
  void Resume(SimHost& host);

  // Drops all pending events. No task may be left.
  void Clear() { agenda_.Clear(); }

 private:
  friend class SimTask;

  // Whatever ran last, a step, an event, the test or `done` itself, may have changed descriptors.
  bool GoesOn(const std::function<bool()>& done) {
    if (done()) return false;
    descriptors_.Look();
    return true;
  }
  void Drive(const std::function<bool()>& done, Instant deadline);
  // The same with only the threads of `alone`, whose process has crashed.
  void DriveAlone(SimHost& alone, const std::function<bool()>& done, Instant deadline);
  // Returns false if nothing can happen any more.
  bool Step(Instant deadline);
  // When it may take its next step. Of a crashed process only those of `alone_` may.
  int64_t StartNanosOf(const SimTask& task) const;
  // One of those that may take a step now; else null, and next_start_ is when the first may.
  SimTask* PickRunnable();
  void RunStepOf(SimTask& task);
  void Advance(Instant to);
  [[noreturn]] void Fail(std::string_view why) const;

  const SimulationOptions options_;
  const std::thread::id thread_;
  Random random_;
  SimTrace trace_;
  SimStory story_;
  SimAgenda agenda_;
  SimDescriptors descriptors_;
  Instant now_;
  std::vector<SimTask*> tasks_;  // In order of creation.
  std::vector<SimTask*> candidates_;
  Instant next_start_ = {};
  SimTask* running_ = nullptr;
  const SimHost* alone_ = nullptr;  // Whose threads alone run now.
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_SCHEDULER_H_
