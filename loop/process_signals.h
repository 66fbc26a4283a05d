#ifndef TROUPE_LOOP_PROCESS_SIGNALS_H_
#define TROUPE_LOOP_PROCESS_SIGNALS_H_

#include <signal.h>

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "troupe/base/mutex.h"
#include "troupe/loop/fd.h"

namespace troupe {

// One subscription, as this process's signal table sees it.
class SignalListener {
 public:
  // Records a signal and wakes the subscription's shard, and does nothing else.
  // Thread: any.
  virtual void Hand(int signal, int sender_pid) = 0;
  virtual bool Wants(int signal) const = 0;

 protected:
  ~SignalListener() = default;
};

// The signal actions of this process, shared by all platforms in it: the first to need one changes
// it, and it is restored once the last has ended, in whatever order they end.
//
// A thread that does not block a caught signal, such as a worker or one of the host's, records it
// in the signal handler; a listener finds it there through the descriptor of Raised().
//
// Thread:   any.
// Lifetime: that of the process, since a signal handler may run in any thread at any time. Keeps
//           one descriptor open.
class ProcessSignals {
 public:
  static ProcessSignals& Get();

  ProcessSignals(const ProcessSignals&) = delete;
  ProcessSignals& operator=(const ProcessSignals&) = delete;

  // Returns a new descriptor, owned by the caller, that is readable once a signal was recorded.
  absl::StatusOr<Fd> Raised();
  // Hands recorded signals to the listeners. One without a listener is kept for the next to join.
  void HandOutRaised();

  // Catches `signal` until Release() was called as often.
  void Catch(int signal);
  void Release(int signal);
  // Catches `signal` if it would otherwise end the process. Returns whether to call Release().
  bool CatchIfFatal(int signal);

  void Join(SignalListener& listener);
  // Drops pending signals that nobody listens to any more.
  void Leave(SignalListener& listener, const std::vector<int>& signals);

  // Hands a signal that `reader` took out of the kernel to all other listeners.
  void Forward(const SignalListener& reader, int signal, int sender_pid);

 private:
  struct Caught {
    int count = 0;
    struct sigaction previous_action;
  };

  ProcessSignals() = default;

  void CatchLocked(int signal) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsHeard(int signal) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // A lock, not a message, since the shards of two Systems cannot send to one another.
  Mutex mutex_;
  std::vector<SignalListener*> listeners_ ABSL_GUARDED_BY(mutex_);
  std::array<Caught, 65> caught_ ABSL_GUARDED_BY(mutex_);  // By signal number.
};

}  // namespace troupe

#endif  // TROUPE_LOOP_PROCESS_SIGNALS_H_
