#ifndef TROUPE_ACTORS_EVENTS_SHUTDOWN_SIGNALS_H_
#define TROUPE_ACTORS_EVENTS_SHUTDOWN_SIGNALS_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "troupe/loop/platform.h"

namespace troupe::internal {

class Runtime;

// Turns SIGINT and SIGTERM into a shutdown; a second one while that goes on ends the process.
//
// Thread: Begin and End a foreign one; the signals arrive at the first shard.
class ShutdownSignals final : private SignalHandler {
 public:
  absl::Status Begin(Runtime& runtime, const std::vector<int>& signals);
  void End(Runtime& runtime);

 private:
  void OnSignal(int signal, int sender_pid) override;

  Runtime* runtime_ = nullptr;
  std::unique_ptr<SignalSource> source_;  // The first shard's.
  int raised_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_EVENTS_SHUTDOWN_SIGNALS_H_
