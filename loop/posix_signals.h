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

// One platform's part in the signals of this process: they are told to every subscription on that
// subscription's poller, whichever platform it was made by.
//
// A signal is blocked in the threads that handle it and read from a signalfd. Each subscription
// has its own; whichever is first takes the signal out of the kernel and hands it to the others,
// under a lock, because they are on shards that this layer cannot send to. A thread that does not
// block the signal, such as a worker or one that the host started, takes note of it in a handler.
// A signal that pthread_kill() sends to a thread that blocks it stays unheard.
//
// Thread:   any.
// Lifetime: outlives its subscriptions. Once the last platform of the process that needs a signal
//           has ended, its action is as before, and the masks too, but for a thread that called
//           Mask() and lets another one destroy this: there the signals stay blocked. What is
//           pending then is dropped.
class PosixSignals {
 public:
  PosixSignals() = default;
  PosixSignals(const PosixSignals&) = delete;
  PosixSignals& operator=(const PosixSignals&) = delete;
  ~PosixSignals();

  // Blocks `signals` in the calling thread, and keeps them from ending the process elsewhere.
  void Mask(const std::vector<int>& signals);
  // Blocks what Mask() has in another thread of this platform's.
  void MaskThisThread();

  // Blocks `signals` in the calling thread while the subscription lives.
  // Errors: INVALID_ARGUMENT for what is no signal or cannot be caught.
  absl::StatusOr<std::unique_ptr<SignalSource>> Catch(PosixPoller& poller,
                                                      const std::vector<int>& signals,
                                                      SignalHandler* handler);

 private:
  struct Masked {
    std::shared_ptr<ThreadMask> mask;
    std::vector<int> signals;
  };

  Mutex mutex_;  // Shard threads start while the one that masks goes on.
  std::vector<Masked> masked_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> caught_ ABSL_GUARDED_BY(mutex_);  // With Mask().
};

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_SIGNALS_H_
