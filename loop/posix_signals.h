#ifndef TROUPE_LOOP_POSIX_SIGNALS_H_
#define TROUPE_LOOP_POSIX_SIGNALS_H_

#include <pthread.h>
#include <signal.h>

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "troupe/base/mutex.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/posix_poller.h"

namespace troupe {

// The signals of this process, told to every subscription on that subscription's poller.
//
// A signal is blocked in the threads that handle it and read from a signalfd. Each subscription
// has its own; whichever is first takes the signal out of the kernel and hands it to the others,
// under a lock, because they are on shards that this layer cannot send to.
//
// The kernel may still interrupt a thread that did not block the signal, such as one that the
// host started before Mask(). That thread then blocks the signal for itself and sends it to the
// process again. A signal that pthread_kill() sends to a thread that blocks it stays unheard.
//
// Thread:   any.
// Lifetime: outlives its subscriptions. Two in one process that catch the same signal do not
//           share it. The destructor puts back the mask of the thread that called Mask(), when
//           it is that thread that destroys; what is pending then is dropped.
class PosixSignals {
 public:
  PosixSignals() = default;
  PosixSignals(const PosixSignals&) = delete;
  PosixSignals& operator=(const PosixSignals&) = delete;
  ~PosixSignals();

  // Of several calls the first decides whose mask comes back.
  void Mask(const std::vector<int>& signals);

  // Blocks `signals` in the calling thread. When the last subscription of one ends, its action
  // comes back, and in that thread its mask.
  // Errors: INVALID_ARGUMENT for what is no signal or cannot be caught.
  absl::StatusOr<std::unique_ptr<SignalSource>> Catch(PosixPoller& poller,
                                                      const std::vector<int>& signals,
                                                      SignalHandler* handler);

 private:
  class Subscription;

  // While it has subscriptions.
  struct Caught {
    int subscription_count = 0;
    struct sigaction previous_action;
    std::vector<pthread_t> blocked_threads;  // That Catch() blocked it in.
  };

  void Join(Subscription& subscription);
  void Leave(Subscription& subscription);
  void Begin(int signal) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(int signal) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forward(Subscription& reader, int signal, int sender_pid);

  Mutex mutex_;
  std::vector<Subscription*> subscriptions_ ABSL_GUARDED_BY(mutex_);
  std::array<Caught, 65> caught_ ABSL_GUARDED_BY(mutex_);  // By signal number.
  std::optional<sigset_t> previous_mask_ ABSL_GUARDED_BY(mutex_);
  pthread_t mask_thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_SIGNALS_H_
