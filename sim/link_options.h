#ifndef TROUPE_SIM_LINK_OPTIONS_H_
#define TROUPE_SIM_LINK_OPTIONS_H_

#include <cstdint>
#include <optional>

#include "troupe/sim/simulation_options.h"

namespace troupe {

// How the network treats what one node sends to another. Shares are from 0 to 1.
struct LinkOptions {
  // Of each delivery. Order is kept.
  // Default: the run's network_delay.
  std::optional<DelayRange> delay = std::nullopt;
  // How much the link carries; what is more waits its turn.
  // Default: 0, without bound.
  uint64_t bytes_per_second = 0;

  // The share of connects that the other machine refuses, and of those that nobody answers until
  // the caller gives up.
  double refused_connects = 0;
  double lost_connects = 0;
  // The share of deliveries with data in which the connection breaks, after any of their bytes.
  double resets = 0;
};

}  // namespace troupe

#endif  // TROUPE_SIM_LINK_OPTIONS_H_
