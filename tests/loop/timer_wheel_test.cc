#include "troupe/loop/timer_wheel.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "troupe/base/random.h"

namespace troupe {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kAll = std::numeric_limits<size_t>::max();
constexpr Instant kStart{1000};

class TestTimer final : public TimerNode {
 public:
  explicit TestTimer(std::function<void()> on_timer) : on_timer_(std::move(on_timer)) {}

 private:
  void OnTimer() override {
    const std::function<void()> on_timer = on_timer_;  // It may destroy this.
    on_timer();
  }

  std::function<void()> on_timer_;
};

class TimerWheelTest : public ::testing::Test {
 protected:
  // A timer that notes its index when it fires.
  TestTimer& Make(std::function<void()> then = [] {}) {
    const int index = static_cast<int>(timers_.size());
    timers_.push_back(std::make_unique<TestTimer>([this, index, then = std::move(then)] {
      fired_.push_back(index);
      then();
    }));
    return *timers_.back();
  }

  std::vector<int> FiredBy(Instant now, size_t fire_max = kAll) {
    fired_.clear();
    const size_t fired_count = wheel_.Advance(now, fire_max);
    EXPECT_EQ(fired_count, fired_.size());
    return fired_;
  }

  std::vector<std::unique_ptr<TestTimer>> timers_;
  std::vector<int> fired_;
  TimerWheel wheel_{kStart};  // Destroyed first.
};

TEST_F(TimerWheelTest, FiresAtItsDeadlineAndNotBefore) {
  wheel_.Arm(Make(), {5000});
  EXPECT_THAT(FiredBy({4999}), IsEmpty());
  EXPECT_THAT(FiredBy({5000}), ElementsAre(0));
  EXPECT_THAT(FiredBy({9000}), IsEmpty());
}

TEST_F(TimerWheelTest, FiresInDeadlineOrder) {
  for (const int64_t deadline : {7000, 3000, 5000, 2000}) wheel_.Arm(Make(), {deadline});
  EXPECT_THAT(FiredBy({7000}), ElementsAre(3, 1, 2, 0));
}

TEST_F(TimerWheelTest, EqualDeadlinesFireInArmingOrder) {
  wheel_.Arm(Make(), {5000});
  FiredBy({3000});
  wheel_.Arm(Make(), {5000});
  FiredBy({4999});
  wheel_.Arm(Make(), {5000});
  EXPECT_THAT(FiredBy({6000}), ElementsAre(0, 1, 2));
}

TEST_F(TimerWheelTest, ArmedIsTrueFromArmToFiring) {
  TestTimer* timer = nullptr;
  bool armed_inside = true;
  timer = &Make([&] { armed_inside = timer->armed(); });
  EXPECT_FALSE(timer->armed());
  wheel_.Arm(*timer, {2000});
  EXPECT_TRUE(timer->armed());
  EXPECT_EQ(timer->deadline(), Instant{2000});
  FiredBy({2000});
  EXPECT_FALSE(armed_inside);
  EXPECT_FALSE(timer->armed());
  EXPECT_EQ(wheel_.armed_count(), 0u);
}

TEST_F(TimerWheelTest, F56_CancelledTimerDoesNotFire) {
  TestTimer& timer = Make();
  wheel_.Arm(timer, {2000});
  wheel_.Cancel(timer);
  EXPECT_EQ(wheel_.armed_count(), 0u);
  EXPECT_THAT(FiredBy({3000}), IsEmpty());
}

TEST_F(TimerWheelTest, F56_SecondCancelIsIgnored) {
  TestTimer& timer = Make();
  wheel_.Cancel(timer);
  wheel_.Arm(timer, {2000});
  wheel_.Cancel(timer);
  wheel_.Cancel(timer);
  EXPECT_EQ(wheel_.armed_count(), 0u);
}

TEST_F(TimerWheelTest, F56_ReArmedTimerFiresAtItsNewDeadlineOnly) {
  TestTimer& timer = Make();
  wheel_.Arm(timer, {2000});
  wheel_.Cancel(timer);
  wheel_.Arm(timer, {4000});
  EXPECT_THAT(FiredBy({3999}), IsEmpty());
  EXPECT_THAT(FiredBy({4000}), ElementsAre(0));
}

TEST_F(TimerWheelTest, PastDeadlineFiresInTheNextAdvance) {
  FiredBy({5000});
  wheel_.Arm(Make(), {10});
  wheel_.Arm(Make(), {-7});
  wheel_.Arm(Make(), {5000});
  EXPECT_LE(wheel_.NextDeadline(), Instant{5000});
  EXPECT_THAT(FiredBy({5000}), ElementsAre(0, 1, 2));
}

TEST_F(TimerWheelTest, WhatWasDueAlreadyPrecedesADeadlineThatHadPassed) {
  wheel_.Arm(Make(), {2000});
  wheel_.Arm(Make(), {3000});
  EXPECT_THAT(FiredBy({5000}, 1), ElementsAre(0));
  wheel_.Arm(Make(), {10});
  EXPECT_THAT(FiredBy({5000}), ElementsAre(1, 2));
}

TEST_F(TimerWheelTest, ZeroDelayReArmFiresInTheNextAdvanceAndNotInThisOne) {
  TestTimer* timer = nullptr;
  timer = &Make([&] { wheel_.Arm(*timer, {2000}); });
  wheel_.Arm(*timer, {2000});
  EXPECT_THAT(FiredBy({2000}), ElementsAre(0));
  EXPECT_THAT(FiredBy({2000}), ElementsAre(0));
  EXPECT_THAT(FiredBy({2001}), ElementsAre(0));
}

TEST_F(TimerWheelTest, TimerArmedInsideForALaterDueInstantWaitsForTheNextAdvance) {
  TestTimer* second = nullptr;
  wheel_.Arm(Make([&] { wheel_.Arm(*second, {2500}); }), {2000});
  second = &Make();
  EXPECT_THAT(FiredBy({3000}), ElementsAre(0));
  EXPECT_THAT(FiredBy({3000}), ElementsAre(1));
}

TEST_F(TimerWheelTest, F56_DueTimerCancelledInsideAnotherDoesNotFire) {
  TestTimer* second = nullptr;
  wheel_.Arm(Make([&] { wheel_.Cancel(*second); }), {2000});
  second = &Make();
  wheel_.Arm(*second, {2000});
  EXPECT_THAT(FiredBy({3000}), ElementsAre(0));
  EXPECT_EQ(wheel_.armed_count(), 0u);
}

TEST_F(TimerWheelTest, F56_DueTimerMovedInsideAnotherFiresAtItsNewDeadline) {
  TestTimer* second = nullptr;
  wheel_.Arm(Make([&] {
               wheel_.Cancel(*second);
               wheel_.Arm(*second, {4000});
             }),
             {2000});
  second = &Make();
  wheel_.Arm(*second, {2000});
  EXPECT_THAT(FiredBy({3000}), ElementsAre(0));
  EXPECT_THAT(FiredBy({4000}), ElementsAre(1));
}

TEST_F(TimerWheelTest, F56_TimersMayBeDestroyedInsideOnTimer) {
  // The first destroys itself and the third, which is due as well.
  wheel_.Arm(Make([&] {
               wheel_.Cancel(*timers_[2]);
               timers_[2].reset();
               timers_[0].reset();
             }),
             {2000});
  wheel_.Arm(Make(), {2000});
  wheel_.Arm(Make(), {2000});
  EXPECT_THAT(FiredBy({2000}), ElementsAre(0, 1));
}

TEST_F(TimerWheelTest, FireMaxKeepsTheRestInOrder) {
  for (const int64_t deadline : {5000, 2000, 4000, 2000, 3000}) wheel_.Arm(Make(), {deadline});
  EXPECT_THAT(FiredBy({9000}, 2), ElementsAre(1, 3));
  EXPECT_LE(wheel_.NextDeadline(), Instant{9000});
  EXPECT_THAT(FiredBy({9000}, 0), IsEmpty());
  EXPECT_THAT(FiredBy({9000}, 1), ElementsAre(4));
  EXPECT_THAT(FiredBy({9000}, 9), ElementsAre(2, 0));
}

TEST_F(TimerWheelTest, F91_InfiniteDeadlineNeverFiresAndCanBeCancelled) {
  TestTimer& timer = Make();
  wheel_.Arm(timer, Instant::Infinite());
  EXPECT_TRUE(timer.armed());
  EXPECT_EQ(wheel_.armed_count(), 1u);
  EXPECT_TRUE(wheel_.NextDeadline().is_infinite());
  EXPECT_THAT(FiredBy({Instant::Infinite().nanos - 1}), IsEmpty());
  EXPECT_THAT(FiredBy(Instant::Infinite()), IsEmpty());
  wheel_.Cancel(timer);
  EXPECT_EQ(wheel_.armed_count(), 0u);
}

TEST_F(TimerWheelTest, F91_ExtremeWaitsAreNeitherEarlyNorTruncated) {
  const int64_t int_max_ms = std::numeric_limits<int32_t>::max();
  const std::vector<absl::Duration> waits = {
      absl::Nanoseconds(1),       absl::Milliseconds(int_max_ms + 1), absl::Milliseconds(1ll << 32),
      absl::Hours(24 * 365 * 20), absl::Hours(24 * 365 * 290),
  };
  for (const absl::Duration wait : waits) {
    TestTimer& timer = Make();
    const Instant deadline = kStart + wait;
    ASSERT_FALSE(deadline.is_infinite());
    TimerWheel wheel(kStart);
    wheel.Arm(timer, deadline);
    EXPECT_EQ(wheel.NextDeadline(), deadline);
    EXPECT_EQ(wheel.Advance({deadline.nanos - 1}, kAll), 0u) << wait;
    EXPECT_EQ(wheel.Advance(deadline, kAll), 1u) << wait;
  }
}

TEST_F(TimerWheelTest, F91_ZeroAndNegativeWaitsFireInTheNextAdvance) {
  wheel_.Arm(Make(), kStart + absl::ZeroDuration());
  wheel_.Arm(Make(), kStart + absl::Seconds(-1));
  wheel_.Arm(Make(), {std::numeric_limits<int64_t>::min()});
  EXPECT_THAT(FiredBy(kStart), ElementsAre(0, 1, 2));
}

TEST_F(TimerWheelTest, F91_WaitThatOverflowsIsInfinite) {
  wheel_.Arm(Make(), kStart + absl::Nanoseconds(std::numeric_limits<int64_t>::max() - 1));
  EXPECT_TRUE(wheel_.NextDeadline().is_infinite());
}

TEST_F(TimerWheelTest, InstantThatGoesBackFiresNothingTwiceAndNothingEarly) {
  wheel_.Arm(Make(), {2000});
  FiredBy({3000});
  wheel_.Arm(Make(), {3500});
  EXPECT_THAT(FiredBy({10}), IsEmpty());
  EXPECT_THAT(FiredBy({3500}), ElementsAre(1));
}

TEST_F(TimerWheelTest, LongPauseThenAllThatIsDueInChunks) {
  constexpr int kTimers = 100000;
  for (int i = 0; i < kTimers; ++i) wheel_.Arm(Make(), {2000 + (i * 7919ll) % kTimers});
  const Instant now{int64_t{3600} * 1000000000};
  size_t fired = 0;
  int64_t last_deadline = 0;
  while (wheel_.armed_count() > 0) {
    ASSERT_LE(wheel_.NextDeadline(), now);
    const std::vector<int> chunk = FiredBy(now, 1000);
    ASSERT_LE(chunk.size(), 1000u);
    for (const int index : chunk) {
      ASSERT_LT(last_deadline, timers_[index]->deadline().nanos);
      last_deadline = timers_[index]->deadline().nanos;
    }
    fired += chunk.size();
  }
  EXPECT_EQ(fired, size_t{kTimers});
}

TEST_F(TimerWheelTest, LoneTimerNeedsOneWakeUp) {
  wheel_.Arm(Make(), {123456789012345});
  EXPECT_EQ(wheel_.NextDeadline(), Instant{123456789012345});
  EXPECT_THAT(FiredBy(wheel_.NextDeadline()), ElementsAre(0));
}

// Of an idle loop that sleeps until NextDeadline().
TEST_F(TimerWheelTest, WakeUpsInVainAreNoMoreThanCancellations) {
  constexpr int kTimers = 2000;
  Random random(17);
  for (int i = 0; i < kTimers; ++i) {
    wheel_.Arm(Make(), {kStart.nanos + 1 + static_cast<int64_t>(random.Below(1ull << 40))});
  }
  int cancelled = 0;
  int in_vain = 0;
  Instant now = kStart;
  while (wheel_.armed_count() > 0) {
    // Those that come next are the ones that matter.
    for (int i = 0; i < kTimers; ++i) {
      if (timers_[i]->armed() && timers_[i]->deadline() == wheel_.NextDeadline() &&
          random.Below(4) != 0) {
        wheel_.Cancel(*timers_[i]);
        ++cancelled;
        break;
      }
    }
    if (wheel_.armed_count() == 0) break;
    ASSERT_LE(now, wheel_.NextDeadline());
    now = wheel_.NextDeadline();
    in_vain += FiredBy(now).empty() ? 1 : 0;
  }
  EXPECT_GT(in_vain, 0);
  EXPECT_LE(in_vain, cancelled);
}

// A second's wait is 1/1024 of 2^30 ns late, within the slack.
constexpr int64_t kSecondNanos = int64_t{1} << 30;
constexpr int64_t kSecondSlackNanos = int64_t{1} << 20;

TEST_F(TimerWheelTest, WithoutSlackASleepEndsAtTheEarliestDeadline) {
  wheel_.Arm(Make(), {kStart.nanos + kSecondNanos});
  wheel_.Arm(Make(), {kStart.nanos + 2 * kSecondNanos});
  EXPECT_EQ(wheel_.NextWake(), wheel_.NextDeadline());
}

TEST(TimerSlackTest, ASleepLastsLongerByAShareOfTheTimersWait) {
  TestTimer timer([] {});
  TimerWheel wheel(kStart, absl::Milliseconds(5));
  EXPECT_TRUE(wheel.NextWake().is_infinite());
  wheel.Arm(timer, {kStart.nanos + kSecondNanos});
  EXPECT_EQ(wheel.NextDeadline().nanos, kStart.nanos + kSecondNanos);
  EXPECT_EQ(wheel.NextWake().nanos, kStart.nanos + kSecondNanos + kSecondSlackNanos);
}

TEST(TimerSlackTest, SlackIsBounded) {
  TestTimer timer([] {});
  TimerWheel wheel(kStart, absl::Milliseconds(5));
  wheel.Arm(timer, {kStart.nanos + 100 * kSecondNanos});
  EXPECT_EQ(wheel.NextWake(), wheel.NextDeadline() + absl::Milliseconds(5));
  wheel.Cancel(timer);
  wheel.Arm(timer, {Instant::Infinite().nanos - 1});
  EXPECT_TRUE(wheel.NextWake().is_infinite());
}

TEST(TimerSlackTest, ALaterTimerWithLessSlackEndsTheSleep) {
  TestTimer timer([] {});
  TestTimer exact([] {});
  TimerWheel wheel(kStart, absl::Milliseconds(5));
  wheel.Arm(timer, {kStart.nanos + kSecondNanos});
  const Instant later{kStart.nanos + kSecondNanos - 1000};
  EXPECT_EQ(wheel.Advance(later, kAll), 0u);
  wheel.Arm(exact, {kStart.nanos + kSecondNanos + 1000});
  EXPECT_EQ(wheel.NextDeadline().nanos, kStart.nanos + kSecondNanos);
  EXPECT_EQ(wheel.NextWake().nanos, kStart.nanos + kSecondNanos + 1000 + 1);
}

TEST(TimerSlackTest, SlackIsOfTheWaitHoweverNearTheDeadlineIs) {
  std::deque<TestTimer> timers;
  TimerWheel wheel(kStart, absl::Milliseconds(5));
  for (int i = 0; i < 100; ++i) {
    wheel.Arm(timers.emplace_back([] {}), {kStart.nanos + kSecondNanos + i * 1000});
  }
  // Those that are left have been moved to lower levels meanwhile.
  EXPECT_EQ(wheel.Advance({kStart.nanos + kSecondNanos + 50'000}, kAll), 51u);
  EXPECT_EQ(wheel.NextDeadline().nanos, kStart.nanos + kSecondNanos + 51'000);
  EXPECT_EQ(wheel.NextWake().nanos,
            kStart.nanos + kSecondNanos + 51'000 + ((kSecondNanos + 51'000) >> 10));
}

TEST_F(TimerWheelTest, WheelThatEndsDisarmsWhatIsArmed) {
  TestTimer& timer = Make();
  TestTimer& never = Make();
  {
    TimerWheel wheel(kStart);
    wheel.Arm(timer, {5000});
    wheel.Arm(never, Instant::Infinite());
  }
  EXPECT_FALSE(timer.armed());
  EXPECT_FALSE(never.armed());
  EXPECT_THAT(fired_, IsEmpty());
}

TEST(TimerWheelDeathTest, TimerThatEndsWhileArmedIsABug) {
  EXPECT_DEATH(
      {
        TimerWheel wheel(kStart);
        TestTimer timer([] {});
        wheel.Arm(timer, {5000});
      },
      "CHECK failed");
}

}  // namespace
}  // namespace troupe
