#ifndef TROUPE_SIM_SIM_HOST_H_
#define TROUPE_SIM_SIM_HOST_H_

#include <string>

#include "troupe/base/instant.h"

namespace troupe {

// The process of a simulated node.
struct SimHost {
  const std::string name;
  const int index = 0;

  // No thread of the process runs before.
  Instant paused_until = {};
  // After a crash no thread of the process runs, unless the test itself waits for it, as ~System
  // does.
  bool crashed = false;
  int waiting_count = 0;

  Instant runs_from() const {
    return crashed && waiting_count == 0 ? Instant::Infinite() : paused_until;
  }
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_HOST_H_
