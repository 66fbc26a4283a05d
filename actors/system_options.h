#ifndef TROUPE_ACTORS_SYSTEM_OPTIONS_H_
#define TROUPE_ACTORS_SYSTEM_OPTIONS_H_

#include <csignal>
#include <vector>

#include "troupe/base/limits.h"

namespace troupe {

class Platform;

struct SystemOptions {
  // Default: 0, one for each core this process may use.
  int shards = 0;
  Limits limits = {};
  // Pins each shard to a core of its own. Off by itself when there are more shards than cores.
  bool pin = true;
  // The first of these shuts the system down, when Run() waits; others reach their subscribers.
  std::vector<int> shutdown_signals = {SIGINT, SIGTERM};
  // Signals that actors may Subscribe to, besides those above: masked before threads start.
  std::vector<int> handled_signals = {SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD, SIGWINCH};
  // Default: the operating system's. A given one outlives the System.
  Platform* platform = nullptr;
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_SYSTEM_OPTIONS_H_
