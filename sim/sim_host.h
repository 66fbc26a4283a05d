#ifndef TROUPE_SIM_SIM_HOST_H_
#define TROUPE_SIM_SIM_HOST_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "troupe/base/clock.h"
#include "troupe/base/instant.h"
#include "troupe/base/random.h"
#include "troupe/sim/machine_options.h"
#include "troupe/sim/sim_calls.h"
#include "troupe/sim/sim_clock.h"

namespace troupe {

// The machine of a simulated node, and the one process on it.
//
// Thread: the simulation's.
struct SimHost {
  SimHost(const Clock& world, Random& random, std::string host_name, int host_index,
          const MachineOptions& opts)
      : name(std::move(host_name)),
        index(host_index),
        options(opts),
        clock(world, opts),
        calls(random),
        cores_free(static_cast<size_t>(std::max(opts.cores, 1))) {}
  SimHost(const SimHost&) = delete;
  SimHost& operator=(const SimHost&) = delete;

  const std::string name;
  const int index;
  const MachineOptions options;
  SimClock clock;
  SimCalls calls;

  // No thread of the process runs before.
  Instant paused_until = {};
  // After a crash no thread of the process runs, unless the test itself waits for it, as ~System
  // does: then they run apart from everything else.
  bool crashed = false;
  // Other than 0 while the machine is off: what is sent to it waits in vain.
  uint64_t off = 0;
  // From when on each core runs another thread.
  std::vector<Instant> cores_free;

  // When a thread may run: not before this.
  Instant runs_from() const {
    return std::max(paused_until, *std::min_element(cores_free.begin(), cores_free.end()));
  }
  // A thread runs until `end`.
  void Occupy(Instant end) { *std::min_element(cores_free.begin(), cores_free.end()) = end; }
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_HOST_H_
