#ifndef TROUPE_SIM_SIM_HOST_H_
#define TROUPE_SIM_SIM_HOST_H_

#include <string>

#include "troupe/base/instant.h"

namespace troupe {

// The process that a simulated node is.
struct SimHost {
  const std::string name;
  const int index = 0;

  // No thread of it runs before.
  Instant paused_until = {};
  // Crashed: no thread of it runs, unless the test itself waits for it, as ~System does.
  bool crashed = false;
  int waiting_count = 0;

  Instant runs_from() const {
    return crashed && waiting_count == 0 ? Instant::Infinite() : paused_until;
  }
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_HOST_H_
