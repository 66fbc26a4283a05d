#ifndef TROUPE_BENCH_STOPWATCH_H_
#define TROUPE_BENCH_STOPWATCH_H_

#include <cstdint>

#include "absl/synchronization/notification.h"
#include "troupe/bench/usage.h"

namespace troupe::bench {

// The time from one actor's Begin() to another's End(), for main(), which waits for it.
//
// Thread: Begin() and End() where the work is; Begin() happens before End().
class Stopwatch {
 public:
  // From now on all stopwatches measure the processor time of the thread that called End(), which
  // other processes do not lengthen: for work that one thread does alone.
  static void MeasureCpuTime() { clock_ = &ThreadCpuNanos; }

  void Begin() { began_nanos_ = clock_(); }

  void End() {
    ended_nanos_ = clock_();
    ended_.Notify();
  }

  // Blocks until End().
  double AwaitSeconds() {
    ended_.WaitForNotification();
    return static_cast<double>(ended_nanos_ - began_nanos_) / 1e9;
  }

 private:
  static inline int64_t (*clock_)() = &MonotonicNanos;

  int64_t began_nanos_ = 0;
  int64_t ended_nanos_ = 0;
  absl::Notification ended_;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_STOPWATCH_H_
