#ifndef TROUPE_SIM_ORACLES_MONITORS_ORACLE_H_
#define TROUPE_SIM_ORACLES_MONITORS_ORACLE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "troupe/sim/sim_run.h"

namespace troupe {

// What is promised of monitors: exactly one Down each once the watched actor has ended, behind all
// that actor sent to the watcher, and none after Demonitor(). Watchers are lives of actors, targets
// actors over all of their lives.
//
// Thread: the simulation's.
class MonitorsOracle {
 public:
  explicit MonitorsOracle(SimRun& run) : run_(run) {}
  MonitorsOracle(const MonitorsOracle&) = delete;
  MonitorsOracle& operator=(const MonitorsOracle&) = delete;

  // Returns the monitor's number.
  uint64_t New(uint64_t watcher, uint64_t target);
  void Down(uint64_t monitor);
  // Demonitor() has returned true.
  void Ended(uint64_t monitor) { monitors_.at(monitor).ended = true; }
  // The watcher handles something that the target sent.
  void Message(uint64_t watcher, uint64_t target) const;

  // What is due: one Down if the target has ended, none if it lives, and either if it was out of
  // reach for a while.
  enum class Downs : uint8_t { kNone, kAtMostOne, kOne };
  // At the end, of the watchers that `lives` says are alive.
  void Judge(const std::function<bool(uint64_t watcher)>& lives,
             const std::function<Downs(uint64_t watcher, uint64_t target)>& due) const;

 private:
  struct Monitor {
    uint64_t watcher;
    uint64_t target;
    int downs = 0;
    bool ended = false;
  };

  SimRun& run_;
  std::map<uint64_t, Monitor> monitors_;
  std::set<std::pair<uint64_t, uint64_t>> down_;  // Watcher and target.
};

}  // namespace troupe

#endif  // TROUPE_SIM_ORACLES_MONITORS_ORACLE_H_
