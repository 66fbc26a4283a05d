#ifndef TROUPE_LOOP_THREAD_MASK_H_
#define TROUPE_LOOP_THREAD_MASK_H_

#include <signal.h>

#include <array>
#include <memory>
#include <vector>

#include "troupe/base/mutex.h"

namespace troupe {

// The signals that Troupe blocks in one thread, each counted over its holders, so that the thread's
// mask is restored once the last has ended, in whatever order they end.
//
// A signal that the thread had blocked by itself stays blocked.
//
// Thread:   Hold() and own(): the thread whose mask it is. Only a thread can change its own mask: a
//           signal dropped by another stays blocked until the next call in that thread.
// Lifetime: shared by the thread and by holders, who may outlive it.
class ThreadMask {
 public:
  static const std::shared_ptr<ThreadMask>& OfThisThread();

  ThreadMask();
  ThreadMask(const ThreadMask&) = delete;
  ThreadMask& operator=(const ThreadMask&) = delete;

  void Hold(const std::vector<int>& signals);
  // Ends one Hold() of the same signals.
  // Thread: any.
  void Drop(const std::vector<int>& signals);

  // Returns the thread's mask without the signals blocked here.
  sigset_t own();

 private:
  struct Entry {
    int hold_count = 0;
    bool blocked_here = false;
  };

  void Settle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const pthread_t thread_;
  Mutex mutex_;  // A System may end, and drop its signals, on another thread.
  std::array<Entry, 65> entries_ ABSL_GUARDED_BY(mutex_);  // By signal number.
};

}  // namespace troupe

#endif  // TROUPE_LOOP_THREAD_MASK_H_
