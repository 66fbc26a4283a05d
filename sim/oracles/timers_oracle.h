#ifndef TROUPE_SIM_ORACLES_TIMERS_ORACLE_H_
#define TROUPE_SIM_ORACLES_TIMERS_ORACLE_H_

#include <cstdint>
#include <functional>
#include <map>

#include "troupe/base/instant.h"
#include "troupe/sim/sim_run.h"

namespace troupe {

// What is promised of timers: each fires once, or once a period, never early, not after it was
// cancelled, and for no other life of its actor. Instants are those of the actor's own clock.
//
// Thread: the simulation's.
class TimersOracle {
 public:
  explicit TimersOracle(SimRun& run) : run_(run) {}
  TimersOracle(const TimersOracle&) = delete;
  TimersOracle& operator=(const TimersOracle&) = delete;

  // Returns the timer's number. `owner` is one life of an actor.
  uint64_t New(uint64_t owner, Instant due);
  // The same for one that is due each `period` from `now` on.
  uint64_t NewPeriodic(uint64_t owner, Instant now, absl::Duration period);
  // `missed`: firings of a periodic one since it was handled last.
  void Fired(uint64_t timer, uint64_t life, Instant now, uint32_t missed = 0);
  // Cancel() has returned true.
  void Cancelled(uint64_t timer) { timers_.at(timer).cancelled = true; }

  // At the end, long after the last was due: those whose owner lives have fired.
  void Judge(const std::function<bool(uint64_t owner)>& lives) const;

 private:
  struct Timer {
    uint64_t owner;
    Instant due;  // Next.
    absl::Duration period = absl::ZeroDuration();
    bool cancelled = false;
    int fired = 0;
  };

  SimRun& run_;
  std::map<uint64_t, Timer> timers_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_ORACLES_TIMERS_ORACLE_H_
