#ifndef TROUPE_SIM_SEEDS_SEED_PROCESS_H_
#define TROUPE_SIM_SEEDS_SEED_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "troupe/sim/seeds/run_report.h"
#include "troupe/sim/sim_choices.h"

namespace troupe {

// A process of its own that makes runs, so that one that crashes or hangs ends nothing else.
//
// Thread:   the one that made it, of a process without other threads.
// Lifetime: its end kills the process, if that runs still.
class SeedProcess {
 public:
  using Clock = std::chrono::steady_clock;
  // Makes one run, in that process, and tells of its choices as they are made.
  using Job = std::function<RunReport(uint64_t seed, const SimChoices::Observer& made)>;

  // Runs the seeds `next`, `next + stride`, ... below `end`.
  SeedProcess(uint64_t next, uint64_t end, uint64_t stride, const Job& job);
  ~SeedProcess();
  SeedProcess(const SeedProcess&) = delete;
  SeedProcess& operator=(const SeedProcess&) = delete;

  // Readable once there is something to take.
  int fd() const { return fd_; }
  // Takes the reports that have come. Returns false once there are no more: all runs were made, or
  // the process ended in the middle of one, which has a report too.
  bool Take(const std::function<void(RunReport)>& done);
  // Ends a process that has worked on one run for `time_max`. The next Take() reports it. Called at
  // least once a second: longer pauses are this process's own, and count as a second.
  void KillIfHung(std::chrono::seconds time_max);

  // The first seed without a report.
  uint64_t next() const { return next_; }
  bool over() const { return next_ >= end_; }

 private:
  [[noreturn]] void Serve(int out, const Job& job) noexcept;
  RunReport BadEnd();

  const uint64_t end_;
  const uint64_t stride_;
  uint64_t next_;
  int fd_ = -1;
  pid_t pid_ = -1;
  std::string received_;
  std::vector<SimChoice> made_;    // By the run without a report.
  Clock::duration run_time_ = {};  // Of that run.
  Clock::time_point last_look_;
  bool hung_ = false;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SEEDS_SEED_PROCESS_H_
