#ifndef TROUPE_LOOP_POSIX_EVENT_H_
#define TROUPE_LOOP_POSIX_EVENT_H_

#include "troupe/base/mutex.h"
#include "troupe/loop/platform.h"

namespace troupe {

// An Event over a mutex and a condition variable: its waiters run no shard and have no queue.
class PosixEvent final : public Event {
 public:
  // After the call the caller must not touch the event, which may be gone.
  void Notify() override;
  bool WaitUntil(Instant deadline) override;

 private:
  Mutex mutex_;
  CondVar changed_;
  bool notified_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_EVENT_H_
