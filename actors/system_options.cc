#include "troupe/actors/system_options.h"

#include <csignal>

namespace troupe::internal {

std::vector<int> DefaultShutdownSignals() { return {SIGINT, SIGTERM}; }

std::vector<int> DefaultHandledSignals() { return {SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD, SIGWINCH}; }

}  // namespace troupe::internal
