#ifndef TROUPE_SIM_SIMULATION_OPTIONS_H_
#define TROUPE_SIM_SIMULATION_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "troupe/base/random.h"

namespace troupe {

// A range from which a run draws each delay uniformly.
struct DelayRange {
  absl::Duration min;
  absl::Duration max;
};
absl::Duration Draw(Random& random, const DelayRange& range);

// Returns the number in that variable of the environment, or `otherwise`. CHECKs that it is one.
uint64_t SimulationNumber(const char* variable, uint64_t otherwise);

// Returns the seed in the environment variable TROUPE_SIM_SEED, or `otherwise`.
uint64_t SimulationSeed(uint64_t otherwise = 1);

// Returns 1, 2, ... `count`, for a test that tries many seeds: as many as TROUPE_SIM_SEEDS says if
// that is set, or only TROUPE_SIM_SEED if that is, so that the same test replays a failure.
std::vector<uint64_t> SimulationSeeds(size_t count);

// The parameters of a simulated run: equal options and equal calls give equal runs.
struct SimulationOptions {
  uint64_t seed = SimulationSeed();

  // The duration of a shard's turn, so that busy shards do not stop time.
  DelayRange turn_time = {absl::Microseconds(1), absl::Microseconds(20)};
  // The duration of each delivery from one end of a connection to the other. Order is kept.
  DelayRange network_delay = {absl::Microseconds(50), absl::Milliseconds(2)};
  // The duration of a job on a worker thread.
  DelayRange worker_time = {absl::Microseconds(10), absl::Milliseconds(1)};

  // Bytes in flight and unread, each way of a connection.
  size_t stream_buffer_bytes = 64u << 10;
  // The share of reads and writes, from 0 to 1, that move fewer bytes than they could.
  double partial_io = 0.25;

  // The share of the TROUPE_BUGGIFY sites that are on, and how often one that is on does the rare
  // thing; from 0 to 1.
  double buggify_sites = 0;
  double buggify_firings = 0.1;

  // The wall clock at the start.
  absl::Time epoch = absl::FromUnixSeconds(1'700'000'000);

  // Whether to keep the lines of the trace, the newest trace_lines_max.
  bool record_trace = false;
  size_t trace_lines_max = 1u << 20;
  // With record_trace, where the run's story is written: this with .txt behind it, line by line, so
  // that a crash leaves it, and at the end as a page, with .html. Nowhere if empty.
  std::string trace_files = {};
  // Whether to write log lines to stderr, stamped with virtual time; the trace has them in either
  // case.
  bool log_to_stderr = true;
  // The steps after which one wait counts as endless.
  uint64_t steps_max = 100'000'000;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIMULATION_OPTIONS_H_
