#ifndef TROUPE_LOOP_THREAD_MASK_H_
#define TROUPE_LOOP_THREAD_MASK_H_

#include <signal.h>

#include <array>
#include <memory>
#include <vector>

#include "troupe/base/mutex.h"

namespace troupe {

// The signals that Troupe blocks in one thread, each counted over all that wait for it, so that
// the thread's mask is its own again once the last of them has ended, in whatever order they do.
//
// A signal that the thread had blocked by itself stays blocked.
//
// Thread:   Hold() and own() the one whose mask it is. Only a thread can change its own mask: what
//           another drops stays blocked until the next call in that one.
// Lifetime: shared by its thread and those that hold signals in it, who may outlive the thread.
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

  // The thread's mask without what is blocked here.
  sigset_t own();

 private:
  struct Entry {
    int hold_count = 0;
    bool blocked_here = false;
  };

  void Settle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const pthread_t thread_;
  Mutex mutex_;  // Systems that end elsewhere drop what they hold in this thread.
  std::array<Entry, 65> entries_ ABSL_GUARDED_BY(mutex_);  // By signal number.
};

}  // namespace troupe

#endif  // TROUPE_LOOP_THREAD_MASK_H_
