#ifndef TROUPE_TESTS_LOOP_TEST_LOOP_H_
#define TROUPE_TESTS_LOOP_TEST_LOOP_H_

#include <algorithm>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "troupe/base/instant.h"
#include "troupe/loop/epoll_poller.h"
#include "troupe/loop/posix_clock.h"
#include "troupe/loop/timer_wheel.h"

namespace troupe {

// A shard's poller and timers, turned by the test itself on the real clock.
class TestLoop {
 public:
  PosixPoller& poller() { return *poller_; }
  TimerWheel& timers() { return timers_; }
  const PosixClock& clock() const { return clock_; }
  int turn_count() const { return turn_count_; }

  // Turns until `done`; false when that takes longer than anything healthy does.
  bool RunUntil(absl::FunctionRef<bool()> done) {
    const Instant give_up = clock_.Now() + absl::Seconds(30);
    while (!done()) {
      if (clock_.Now() >= give_up) return false;
      Turn(std::min(give_up, timers_.NextDeadline()));
    }
    return true;
  }

  // Turns until a look finds nothing ready.
  void RunUntilIdle() {
    while (Turn({}) > 0) {
    }
  }

 private:
  size_t Turn(Instant deadline) {
    ++turn_count_;
    const size_t fired = timers_.Advance(clock_.Now(), 1024);
    return fired + poller_->Poll(clock_.Now(), deadline);
  }

  PosixClock clock_;
  std::unique_ptr<EpollPoller> poller_ = *EpollPoller::Make(1024);
  TimerWheel timers_{clock_.Now()};
  int turn_count_ = 0;
};

}  // namespace troupe

#endif  // TROUPE_TESTS_LOOP_TEST_LOOP_H_
