#ifndef TROUPE_SIM_SIMULATION_OPTIONS_H_
#define TROUPE_SIM_SIMULATION_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace troupe {

// A run draws each of its delays uniformly from such a range.
struct DelayRange {
  absl::Duration min;
  absl::Duration max;
};

// The seed that the environment variable TROUPE_SIM_SEED names, or `otherwise`.
uint64_t SimulationSeed(uint64_t otherwise = 1);

// 1, 2, ... `count`, for a test that tries many; only TROUPE_SIM_SEED when it is set, so that the
// same test replays what failed.
std::vector<uint64_t> SimulationSeeds(size_t count);

// What one run of a simulation is decided by: equal options and equal calls give equal runs.
struct SimulationOptions {
  uint64_t seed = SimulationSeed();

  // What a shard's turn takes, so that busy shards do not stop time.
  DelayRange turn_time = {absl::Microseconds(1), absl::Microseconds(20)};
  // What each delivery takes from one end of a connection to the other. Order is kept.
  DelayRange network_delay = {absl::Microseconds(50), absl::Milliseconds(2)};
  // What a job takes on a worker thread.
  DelayRange worker_time = {absl::Microseconds(10), absl::Milliseconds(1)};

  // On their way and unread, each way of a connection.
  size_t stream_buffer_bytes = 64u << 10;
  // How many of the reads and writes move fewer bytes than they could, from 0 to 1.
  double partial_io = 0.25;

  // The calendar's time at the start.
  absl::Time epoch = absl::FromUnixSeconds(1'700'000'000);

  // Keeps the trace's lines, the newest trace_lines_max.
  bool record_trace = false;
  size_t trace_lines_max = 1u << 20;
  // Writes log lines to stderr, stamped with virtual time; the trace gets them in either case.
  bool log_to_stderr = true;
  // Steps that one wait may take before the run counts as one that never ends.
  uint64_t steps_max = 100'000'000;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIMULATION_OPTIONS_H_
