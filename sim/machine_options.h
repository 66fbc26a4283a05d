#ifndef TROUPE_SIM_MACHINE_OPTIONS_H_
#define TROUPE_SIM_MACHINE_OPTIONS_H_

#include <optional>

#include "absl/time/time.h"
#include "troupe/sim/simulation_options.h"

namespace troupe {

// What one node of a simulation has of its own.
struct MachineOptions {
  // Of each turn of a shard, and of each job on a worker thread.
  // Default: the run's.
  std::optional<DelayRange> turn_time = std::nullopt;
  std::optional<DelayRange> worker_time = std::nullopt;
  // How many of its threads run at a time; at least 1.
  int cores = 2;

  // Its monotonic clock: how far it is ahead of the simulation's at the start, and how much it
  // gains, in millionths: from -100'000 to 100'000.
  absl::Duration clock_ahead = absl::ZeroDuration();
  int clock_gain_ppm = 0;
  // How wrong its wall clock is; see also Simulation::SetWallClockError().
  absl::Duration wall_clock_error = absl::ZeroDuration();
};

}  // namespace troupe

#endif  // TROUPE_SIM_MACHINE_OPTIONS_H_
