#include "troupe/loop/posix_event.h"

namespace troupe {

void PosixEvent::Notify() {
  // Under the lock, so that whoever waits cannot return and destroy the event before this is done.
  MutexLock lock(mutex_);
  notified_ = true;
  changed_.NotifyAll();
}

bool PosixEvent::WaitUntil(Instant deadline) {
  MutexLock lock(mutex_);
  while (!notified_) {
    if (!changed_.WaitUntil(mutex_, deadline)) return notified_;
  }
  return true;
}

}  // namespace troupe
