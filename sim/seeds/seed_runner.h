#ifndef TROUPE_SIM_SEEDS_SEED_RUNNER_H_
#define TROUPE_SIM_SEEDS_SEED_RUNNER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "troupe/base/check.h"
#include "troupe/sim/seeds/run_report.h"
#include "troupe/sim/sim_choices.h"
#include "troupe/sim/sim_run.h"
#include "troupe/sim/simulation_options.h"

namespace troupe {

// What a test does with one seed.
using Scenario = std::function<void(SimRun&)>;

// What came of many runs.
struct SeedSummary {
  uint64_t runs = 0;
  uint64_t trace_hash = 0;  // Of all of them; equal for equal programs on every machine.
  int64_t virtual_nanos = 0;
  std::chrono::duration<double> took = {};
  int processes = 1;
  std::vector<RunReport> failed;          // By seed.
  std::map<std::string, uint64_t> fired;  // TROUPE_BUGGIFY sites, by runs.

  std::string ToText() const;
};

// Runs a scenario by many seeds, in processes of their own, one for each core: what crashes or
// hangs there is a run that failed, and can be made smaller.
//
// Thread: that of a process without other threads.
// Bounds: a run that takes longer than `run_time_max` of real time is killed, and has failed.
class SeedRunner {
 public:
  static constexpr std::chrono::seconds kRunTimeMax{60};

  SeedRunner(Scenario scenario, SimulationOptions options,
             std::chrono::seconds run_time_max = kRunTimeMax)
      : scenario_(std::move(scenario)), options_(std::move(options)), run_time_max_(run_time_max) {
    TROUPE_CHECK_MSG(run_time_max > std::chrono::seconds(0), "a run takes some time");
  }

  // Makes `count` runs, from 1 on. Ends once it knows the first failures_max, from 1 on, seeds that
  // fail.
  SeedSummary RunSeeds(uint64_t first, uint64_t count, int processes, size_t failures_max) const;
  // Makes one run in a process of its own.
  RunReport RunApart(uint64_t seed, const SimChoices::Given& given,
                     const SimulationOptions& options) const;
  RunReport RunApart(uint64_t seed, const SimChoices::Given& given) const {
    return RunApart(seed, given, options_);
  }
  // Makes one run in this process.
  RunReport RunHere(uint64_t seed, const SimChoices::Given& given, const SimulationOptions& options,
                    const SimChoices::Observer& made = {}) const;

  const SimulationOptions& options() const { return options_; }
  std::chrono::seconds run_time_max() const { return run_time_max_; }
  // The same with another time for a run.
  SeedRunner Within(std::chrono::seconds run_time_max) const {
    return SeedRunner(scenario_, options_, run_time_max);
  }

 private:
  const Scenario scenario_;
  const SimulationOptions options_;
  const std::chrono::seconds run_time_max_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SEEDS_SEED_RUNNER_H_
