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
class SimHost {
 public:
  SimHost(const Clock& world, Random& random, std::string host_name, int host_index,
          const MachineOptions& opts)
      : name(std::move(host_name)),
        index(host_index),
        options(opts),
        clock(world, opts),
        calls(random),
        cores_free_(static_cast<size_t>(std::max(opts.cores, 1))) {}
  SimHost(const SimHost&) = delete;
  SimHost& operator=(const SimHost&) = delete;

  const std::string name;
  const int index;
  const MachineOptions options;
  SimClock clock;
  SimCalls calls;

  // After a crash no thread of the process runs, unless the test itself waits for it, as ~System
  // does: then they run apart from everything else.
  bool crashed = false;
  // Other than 0 while the machine is off: what is sent to it waits in vain.
  uint64_t off = 0;
  // When a thread may run: not before this.
  Instant runs_from = {};

  // No thread runs until then.
  void Pause(Instant end) {
    paused_until_ = std::max(paused_until_, end);
    Update();
  }
  void Resume() {
    paused_until_ = {};
    Update();
  }
  // A thread runs until `end`, on the core that was free first.
  void Occupy(Instant end) {
    *std::min_element(cores_free_.begin(), cores_free_.end()) = end;
    Update();
  }
  void FreeCores(Instant when) {
    std::fill(cores_free_.begin(), cores_free_.end(), when);
    Update();
  }

 private:
  void Update() {
    runs_from = std::max(paused_until_, *std::min_element(cores_free_.begin(), cores_free_.end()));
  }

  Instant paused_until_ = {};
  std::vector<Instant> cores_free_;  // From when on each core runs another thread.
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_HOST_H_
