#ifndef TROUPE_ACTORS_SYSTEM_OPTIONS_H_
#define TROUPE_ACTORS_SYSTEM_OPTIONS_H_

#include <optional>
#include <vector>

#include "troupe/base/limits.h"

namespace troupe {

class Platform;

namespace internal {

// Defined in a source, since <csignal> would bring SIGHUP and the like into every user's file.
std::vector<int> DefaultShutdownSignals();
std::vector<int> DefaultHandledSignals();

}  // namespace internal

struct SystemOptions {
  // Default: 0, one for each core that this process may use.
  int shards = 0;
  Limits limits = {};
  // Pins each shard to a core of its own, as long as the process has a free one. No shard is pinned
  // if there are more shards than cores.
  // Default: pins if there is one shard for each core and no other System of this process has
  // pinned its own.
  std::optional<bool> pin = std::nullopt;
  // The first of these begins the shutdown, for which Run() waits; a second one ends the process at
  // once. Actors that have subscribed to them hear them too. A System with any has a thread for
  // them.
  // Default: SIGINT and SIGTERM.
  std::vector<int> shutdown_signals = internal::DefaultShutdownSignals();
  // Further signals that actors may Subscribe() to: blocked before the shards start.
  // Default: SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD and SIGWINCH.
  std::vector<int> handled_signals = internal::DefaultHandledSignals();
  // Default: the operating system's. A platform given here outlives the System.
  Platform* platform = nullptr;
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_SYSTEM_OPTIONS_H_
