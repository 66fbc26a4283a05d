#ifndef TROUPE_SIM_FOR_EACH_SEED_H_
#define TROUPE_SIM_FOR_EACH_SEED_H_

#include <chrono>
#include <cstdint>

#include "troupe/sim/seeds/seed_runner.h"
#include "troupe/sim/sim_run.h"
#include "troupe/sim/simulation_options.h"

namespace troupe {

struct SeedOptions {
  // How many, from 1 on, unless troupe_sim_test() or TROUPE_SIM_SEEDS says otherwise.
  uint64_t seeds = 200;
  // Of the plain world; the seed is each run's.
  SimulationOptions simulation = {.log_to_stderr = false};
  // Of real time: a run that takes longer has failed. At most a fifth of what Bazel gives the test.
  std::chrono::seconds run_time_max = SeedRunner::kRunTimeMax;
};

// Runs `scenario` by many seeds, in a GoogleTest, on all cores. What SimRun::Expect() and the
// EXPECT and ASSERT of GoogleTest say in it, a crash, and a run that does not end, fail the test:
//
//   - the first failing seed is made smaller until nothing can be left out, or for 90 seconds;
//   - the smallest run's trace is written as text and as a page;
//   - the last lines say what was wrong, and how to make that very run again, also in a debugger.
//
// The environment: TROUPE_SIM_SEED=17 makes the run of that seed alone, in this process, with its
// trace and its log lines, and TROUPE_SIM_CHOICES=actors=3 as small as it says.
// TROUPE_SIM_SEEDS=100000 tries so many, from TROUPE_SIM_FIRST_SEED on, and prints a summary;
// TROUPE_SIM_FAILURES=20 goes on until so many have failed, and TROUPE_SIM_PROCESSES is how many
// run at a time; TROUPE_SIM_SHRINK_SECONDS=0 makes no failing run smaller.
//
// Thread: the test's, of a process without other threads.
void ForEachSeed(const Scenario& scenario, const SeedOptions& options = {});

}  // namespace troupe

#endif  // TROUPE_SIM_FOR_EACH_SEED_H_
