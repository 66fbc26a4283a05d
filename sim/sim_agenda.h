#ifndef TROUPE_SIM_SIM_AGENDA_H_
#define TROUPE_SIM_SIM_AGENDA_H_

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "troupe/base/instant.h"

namespace troupe {

// The pending events of the simulated world: deliveries, ends of children, timeouts.
//
// Thread: the simulation's.
class SimAgenda {
 public:
  void Add(Instant when, std::function<void()> event) {
    events_.emplace(std::pair(when, ++last_), std::move(event));
  }

  Instant next() const {
    return events_.empty() ? Instant::Infinite() : events_.begin()->first.first;
  }

  // Runs the first event; of those at one instant, the one added first.
  void RunNext() {
    const std::function<void()> event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event();
  }

  void Clear() { events_.clear(); }

 private:
  std::map<std::pair<Instant, uint64_t>, std::function<void()>> events_;
  uint64_t last_ = 0;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_AGENDA_H_
