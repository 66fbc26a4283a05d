#ifndef TROUPE_SIM_FAULT_DRIVER_H_
#define TROUPE_SIM_FAULT_DRIVER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "troupe/base/instant.h"
#include "troupe/base/random.h"
#include "troupe/sim/simulation.h"
#include "troupe/sim/simulation_options.h"

namespace troupe {

// Which faults happen, each with a weight among the others, how often, and how long they last.
struct FaultOptions {
  // From the beginning of one to that of the next.
  DelayRange between = {absl::Milliseconds(100), absl::Seconds(3)};
  // Until it is mended; each fault's own.
  DelayRange lasts = {absl::Milliseconds(10), absl::Seconds(15)};

  uint32_t partitions = 2;
  uint32_t one_way_cuts = 2;
  uint32_t resets = 2;   // Now, or in the middle of what comes next.
  uint32_t clogs = 2;    // A link that is slow, or carries little.
  uint32_t pauses = 1;   // Of a node, or of one of its shards.
  uint32_t crashes = 0;  // Needs `crash` and `restart`.

  int shards = 1;  // That every node has at least.
  // The test's own part of a crash: what is destroyed after Simulation::Crash() or SwitchOff(), and
  // what is started after Restart().
  std::function<void(const std::string& node)> crash = {};
  std::function<void(const std::string& node)> restart = {};
};

// Disturbs some nodes of a simulation by a seed, then mends everything, after which a cluster must
// settle.
//
//   FaultDriver faults(simulation, {"a", "b"}, seed);
//   faults.RunFor(absl::Minutes(1));   // Faults come and go.
//   faults.MendAll();
//   EXPECT_TRUE(simulation.RunUntil(settled, absl::Minutes(1)));
//
// Thread: the simulation's, outside of its nodes' turns.
class FaultDriver {
 public:
  FaultDriver(Simulation& simulation, std::vector<std::string> nodes, uint64_t seed,
              FaultOptions options = {});
  ~FaultDriver() { MendAll(); }
  FaultDriver(const FaultDriver&) = delete;
  FaultDriver& operator=(const FaultDriver&) = delete;

  // Runs the simulation for `time`.
  void RunFor(absl::Duration time);
  void MendAll();

  // What it did, one line each, with the virtual time.
  const std::vector<std::string>& log() const { return log_; }

 private:
  struct Mending {
    Instant when;
    std::function<void()> mend;
  };
  using Pair = std::pair<std::string, std::string>;

  absl::Duration Draw(const DelayRange& range) { return troupe::Draw(random_, range); }
  const std::string& AnyNode() { return nodes_[random_.Below(nodes_.size())]; }
  Pair AnyPair();
  void Fault();
  void Partition();
  void CutOneWay();
  void Reset();
  void Clog();
  void Pause();
  void Crash();
  void MendLater(std::function<void()> mend);
  // Mends what is due; returns when the next is.
  Instant MendDue();
  void Log(std::string line);

  Simulation& simulation_;
  const std::vector<std::string> nodes_;
  const FaultOptions options_;
  Random random_;
  std::vector<Mending> mendings_;
  std::vector<std::string> down_;
  std::vector<std::string> log_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_FAULT_DRIVER_H_
