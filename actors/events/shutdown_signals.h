#ifndef TROUPE_ACTORS_EVENTS_SHUTDOWN_SIGNALS_H_
#define TROUPE_ACTORS_EVENTS_SHUTDOWN_SIGNALS_H_

#include <atomic>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/poller.h"

namespace troupe::internal {

class Runtime;

// Turns SIGINT and SIGTERM into a shutdown; a second one while that goes on ends the process.
//
// It has a thread of its own, since a shard whose handler does not return hears nothing.
//
// Thread: Begin and End a foreign one, in this order.
class ShutdownSignals final : private LoopTask, private SignalHandler {
 public:
  absl::Status Begin(Runtime& runtime, const std::vector<int>& signals);
  void End();

 private:
  bool RunTurn(bool may_block) override;
  void OnSignal(int signal, int sender_pid) override;

  // Set by Begin().
  Runtime* runtime_ = nullptr;
  std::vector<int> signals_;
  std::unique_ptr<Poller> poller_;
  std::unique_ptr<Event> begun_;
  std::unique_ptr<Executor> thread_;
  std::atomic<bool> ends_{false};  // Relaxed: the wake-up of the poller, behind it, orders it.

  // The thread's, but for status_ once it has begun.
  bool tried_ = false;
  absl::Status status_;
  std::unique_ptr<SignalSource> source_;
  int raised_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_EVENTS_SHUTDOWN_SIGNALS_H_
