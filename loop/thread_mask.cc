#include "troupe/loop/thread_mask.h"

#include <pthread.h>

#include <cstddef>

namespace troupe {
namespace {

sigset_t CurrentMask() {
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return mask;
}

}  // namespace

const std::shared_ptr<ThreadMask>& ThreadMask::OfThisThread() {
  static thread_local const std::shared_ptr<ThreadMask> mask = std::make_shared<ThreadMask>();
  return mask;
}

ThreadMask::ThreadMask() : thread_(pthread_self()) {}

void ThreadMask::Hold(const std::vector<int>& signals) {
  const sigset_t mask = CurrentMask();
  sigset_t more;
  sigemptyset(&more);
  MutexLock lock(mutex_);
  for (const int signal : signals) {
    Entry& entry = entries_[static_cast<size_t>(signal)];
    ++entry.hold_count;
    if (sigismember(&mask, signal) == 1) continue;
    entry.blocked_here = true;
    sigaddset(&more, signal);
  }
  Settle();
  pthread_sigmask(SIG_BLOCK, &more, nullptr);
}

void ThreadMask::Drop(const std::vector<int>& signals) {
  MutexLock lock(mutex_);
  for (const int signal : signals) --entries_[static_cast<size_t>(signal)].hold_count;
  if (pthread_equal(thread_, pthread_self()) != 0) Settle();
}

void ThreadMask::Settle() {
  sigset_t fewer;
  sigemptyset(&fewer);
  for (size_t signal = 1; signal < entries_.size(); ++signal) {
    Entry& entry = entries_[signal];
    if (!entry.blocked_here || entry.hold_count > 0) continue;
    entry.blocked_here = false;
    sigaddset(&fewer, static_cast<int>(signal));
  }
  pthread_sigmask(SIG_UNBLOCK, &fewer, nullptr);
}

sigset_t ThreadMask::own() {
  sigset_t mask = CurrentMask();
  MutexLock lock(mutex_);
  for (size_t signal = 1; signal < entries_.size(); ++signal) {
    if (entries_[signal].blocked_here) sigdelset(&mask, static_cast<int>(signal));
  }
  return mask;
}

}  // namespace troupe
