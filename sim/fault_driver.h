#ifndef TROUPE_SIM_FAULT_DRIVER_H_
#define TROUPE_SIM_FAULT_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
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
  // From the beginning of one to that of the next; `max` is above zero.
  DelayRange between = {absl::Milliseconds(100), absl::Seconds(3)};
  // Until it is mended; each fault's own. What two faults disturb is mended with the second.
  DelayRange lasts = {absl::Milliseconds(10), absl::Seconds(15)};

  uint32_t partitions = 2;
  uint32_t one_way_cuts = 2;
  uint32_t resets = 2;            // Now, or in the middle of what comes next.
  uint32_t clogs = 2;             // A link that is slow, or carries little.
  uint32_t pauses = 1;            // Of a node, or of one of its shards.
  uint32_t wall_clocks = 1;       // One that jumps, by up to a day, until MendAll().
  uint32_t failing_calls = 0;     // A node whose kernel refuses some of what it asks for.
  uint32_t crashes = 0;           // Needs `crash` and `restart`, as the next.
  uint32_t rolling_restarts = 0;  // Of all nodes, one after the other.

  int shards = 1;  // That every node has at least.
  // The test's own part of a crash: what is destroyed after Simulation::Crash() or SwitchOff(), and
  // what is started after Restart().
  std::function<void(const std::string& node)> crash = {};
  std::function<void(const std::string& node)> restart = {};

  // Whether the n-th fault happens, from 0 on; see SimRun::Each(). What the others are does not
  // change.
  std::function<bool(size_t fault)> happens = {};
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
  // Ends all faults now, pauses and wrong clocks among them.
  void MendAll();

  // What it did, one line each, with the virtual time.
  const std::vector<std::string>& log() const { return log_; }

 private:
  // What is due later: the end of a fault, or another part of it.
  struct Later {
    Instant when;
    bool is_mending;
    std::function<void()> action;
  };
  using Pair = std::pair<std::string, std::string>;

  absl::Duration Draw(const DelayRange& range) { return troupe::Draw(random_, range); }
  const std::string& AnyNode() { return nodes_[random_.Below(nodes_.size())]; }
  Pair AnyPair();
  void Fault(size_t fault);
  void Partition();
  void CutOneWay();
  void Reset();
  void Clog();
  void Pause();
  void SetWallClock();
  void FailCalls();
  void Crash();
  void RestartAll();
  void End(const std::string& node, bool is_switched_off);
  void StartAgain(const std::string& node);
  bool IsDown(const std::string& node) const;
  // Mends `what` once no other fault disturbs it.
  void MendLater(const std::string& what, std::function<void()> mend);
  // Does what is due; returns when the next is.
  Instant DoDue();
  void Log(std::string line);

  Simulation& simulation_;
  const std::vector<std::string> nodes_;
  const FaultOptions options_;
  const uint64_t seed_;
  Random schedule_;
  Random random_;  // Of one fault.
  std::vector<Later> later_;
  size_t faults_ = 0;
  std::map<std::string, int> disturbed_;  // By how many faults.
  std::set<std::string> paused_;
  std::set<std::string> wrong_clocks_;
  std::vector<std::string> down_;
  std::vector<std::string> log_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_FAULT_DRIVER_H_
