#ifndef TROUPE_LOOP_POSIX_SIGNALS_H_
#define TROUPE_LOOP_POSIX_SIGNALS_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "troupe/base/mutex.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/posix_poller.h"
#include "troupe/loop/thread_mask.h"

namespace troupe {

// One platform's share of the signals of this process. Every subscription gets its signals on its
// own poller, whichever platform made it.
//
// A signal is blocked in the threads that handle it and read from a signalfd, one per subscription.
// The first to read takes the signal out of the kernel and hands it to the others, under a lock,
// since they are on shards that this layer cannot send to. A thread that does not block the signal,
// such as a worker or one of the host's, records it in a signal handler. A signal sent by
// pthread_kill() to a thread that blocks it goes unheard.
//
// Thread:   any.
// Lifetime: outlives its subscriptions. Once the last platform of the process that needs a signal
//           has ended, its action and the masks are restored, except in a thread that called Mask()
//           if another thread destroys this: there the signals stay blocked. Signals pending then
//           are dropped.
class PosixSignals {
 public:
  PosixSignals() = default;
  PosixSignals(const PosixSignals&) = delete;
  PosixSignals& operator=(const PosixSignals&) = delete;
  ~PosixSignals();

  // Blocks `signals` in the calling thread, and keeps them from ending the process elsewhere.
  void Mask(const std::vector<int>& signals);
  // Blocks the signals of Mask() in another thread of this platform.
  void MaskThisThread();

  // Blocks `signals` in the calling thread while the subscription lives.
  // Errors: INVALID_ARGUMENT for a number that is no signal or one that cannot be caught.
  absl::StatusOr<std::unique_ptr<SignalSource>> Catch(PosixPoller& poller,
                                                      const std::vector<int>& signals,
                                                      SignalHandler* handler);

 private:
  struct Masked {
    std::shared_ptr<ThreadMask> mask;
    std::vector<int> signals;
  };

  Mutex mutex_;  // Shard threads start while the masking one runs on.
  std::vector<Masked> masked_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> caught_ ABSL_GUARDED_BY(mutex_);  // With Mask().
};

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_SIGNALS_H_
