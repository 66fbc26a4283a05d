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

// One subscription, as the process sees it.
class SignalListener {
 public:
  // Takes note of a signal and wakes the shard that the subscription is of. Only takes note.
  // Thread: any.
  virtual void Hand(int signal, int sender_pid) = 0;
  virtual bool Wants(int signal) const = 0;

 protected:
  ~SignalListener() = default;
};

// The signal actions of this process, which all platforms in it share: each is changed by whoever
// needs it first and is as before once the last has ended, in whatever order they do.
//
// A thread that does not block a caught signal, such as a worker or one of the host's, takes note
// of it in the handler; one of the listeners finds it there by the descriptor of Raised().
//
// Thread:   any.
// Lifetime: as long as the process: a handler may run in any thread at any time. It keeps one
//           descriptor.
class ProcessSignals {
 public:
  static ProcessSignals& Get();

  ProcessSignals(const ProcessSignals&) = delete;
  ProcessSignals& operator=(const ProcessSignals&) = delete;

  // A descriptor of the caller's own that is readable when a handler has taken note of a signal.
  absl::StatusOr<Fd> Raised();
  // Hands such signals to the listeners. One that nobody listens to is kept for who comes.
  void HandOutRaised();

  // Catches `signal` until as many calls of Release().
  void Catch(int signal);
  void Release(int signal);
  // The same, if the process would end by `signal` otherwise. Returns whether to Release().
  bool CatchIfFatal(int signal);

  void Join(SignalListener& listener);
  // What is pending of a signal that nobody listens to any longer is dropped.
  void Leave(SignalListener& listener, const std::vector<int>& signals);

  // Hands a signal that `reader` took out of the kernel to all others.
  void Forward(const SignalListener& reader, int signal, int sender_pid);

 private:
  struct Caught {
    int count = 0;
    struct sigaction previous_action;
  };

  ProcessSignals() = default;

  void CatchLocked(int signal) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsHeard(int signal) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // No message, since the shards of two Systems cannot send to one another.
  Mutex mutex_;
  std::vector<SignalListener*> listeners_ ABSL_GUARDED_BY(mutex_);
  std::array<Caught, 65> caught_ ABSL_GUARDED_BY(mutex_);  // By signal number.
};

}  // namespace troupe

#endif  // TROUPE_LOOP_PROCESS_SIGNALS_H_
