// A wheel with a million timers.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "troupe/base/instant.h"
#include "troupe/base/random.h"
#include "troupe/loop/timer_wheel.h"

namespace troupe {
namespace {

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

// Counts itself, for tests with many.
class CountingTimer final : public TimerNode {
 public:
  static inline size_t fired_count = 0;

 private:
  void OnTimer() override { ++fired_count; }
};

TEST(TimerWheelSizeTest, MillionTimersOfOneDeadlineFireInFullChunks) {
  constexpr size_t kTimers = 1000000;
  constexpr size_t kChunk = 1024;
  const std::unique_ptr<CountingTimer[]> timers(new CountingTimer[kTimers]);
  TimerWheel wheel(kStart);
  for (size_t i = 0; i < kTimers; ++i) wheel.Arm(timers[i], {1000000});
  CountingTimer::fired_count = 0;
  for (size_t left = kTimers; left > 0; left -= std::min(left, kChunk)) {
    ASSERT_EQ(wheel.Advance({2000000}, kChunk), std::min(left, kChunk));
  }
  EXPECT_EQ(CountingTimer::fired_count, kTimers);
  EXPECT_EQ(wheel.armed_count(), 0u);
}

// Advances in full chunks until all of `timers` that are due at `now` have fired.
void FireInChunks(TimerWheel& wheel, Instant now, const int& fired, int due_count) {
  constexpr size_t kChunk = 1024;
  const size_t turns_max = static_cast<size_t>(10 * due_count) / kChunk + 1000;
  size_t turns = 0;
  while (fired < due_count && turns++ < turns_max) {
    EXPECT_LE(wheel.NextDeadline(), now) << "a shard would sleep on due timers";
    EXPECT_LE(wheel.NextWake(), now);
    wheel.Advance(now, kChunk);
    ASSERT_LE(wheel.looked_at_count(), 4 * kChunk + 1024);
  }
  EXPECT_EQ(fired, due_count);
}

TEST(TimerWheelSizeTest, F125_AMillionTimersOfOneBucketAreSpreadOverTurnsInOrder) {
  constexpr int kTimers = 1'000'000;
  // 2^42 ns is a bucket of the eighth level, a little more than an hour.
  constexpr int64_t kBucketNanos = int64_t{1} << 42;
  std::deque<TestTimer> timers;
  TimerWheel wheel(kStart);
  int fired = 0;
  Instant last;
  bool in_order = true;
  Random random(125);
  for (int i = 0; i < kTimers; ++i) {
    const Instant deadline{kBucketNanos + static_cast<int64_t>(random.Below(kBucketNanos))};
    timers.emplace_back([&, deadline] {
      ++fired;
      in_order &= last <= deadline;
      last = deadline;
    });
    wheel.Arm(timers.back(), deadline);
  }
  // One is due at most, and the bucket is spread for it.
  const Instant first = wheel.NextDeadline();
  FireInChunks(wheel, first, fired, 1);
  FireInChunks(wheel, {kBucketNanos * 2}, fired, kTimers);
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(wheel.NextDeadline().is_infinite());
}

TEST(TimerWheelSizeTest, F125_NextDeadlineIsRightWhenABucketHasBeenSpread) {
  constexpr int64_t kBucketNanos = int64_t{1} << 42;
  std::deque<TestTimer> timers;
  TimerWheel wheel(kStart);
  for (int i = 0; i < 100'000; ++i) {
    timers.emplace_back([] {});
    wheel.Arm(timers.back(), {kBucketNanos + int64_t{i} * 1'000'000});
  }
  const Instant now{kBucketNanos + 5};
  for (int turn = 0; wheel.NextDeadline() <= now; ++turn) {
    ASSERT_LT(turn, 10'000);
    wheel.Advance(now, 1024);
    ASSERT_LE(wheel.looked_at_count(), 4 * 1024 + 1024u);
  }
  EXPECT_EQ(wheel.NextDeadline(), Instant{kBucketNanos + 1'000'000});
  EXPECT_EQ(wheel.armed_count(), 99'999u);
}

TEST(TimerWheelSizeTest, F125_WhatIsArmedDuringASpreadFiresInItsOrder) {
  constexpr int64_t kBucketNanos = int64_t{1} << 42;
  std::deque<TestTimer> timers;
  std::vector<Instant> fired;
  TimerWheel wheel(kStart);
  const auto arm = [&](Instant deadline) {
    timers.emplace_back([&fired, deadline] { fired.push_back(deadline); });
    wheel.Arm(timers.back(), deadline);
  };
  for (int i = 0; i < 50'000; ++i) arm({kBucketNanos + int64_t{i} * 1000});
  const Instant now{kBucketNanos + 20'000'000};
  wheel.Advance(now, 1024);
  EXPECT_LE(fired.size(), 1u) << "still spreading";
  arm(now);
  arm({kBucketNanos + 10'000'500});  // Has passed, and so counts as now.
  while (wheel.NextDeadline() <= now) wheel.Advance(now, 1024);
  ASSERT_EQ(fired.size(), 20'003u);
  EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end() - 1));
  EXPECT_EQ(fired.back(), Instant{kBucketNanos + 10'000'500});
}

TEST(TimerWheelSizeTest, MillionTimersAreCancelledInOneCallback) {
  constexpr size_t kTimers = 1000000;
  const std::unique_ptr<CountingTimer[]> timers(new CountingTimer[kTimers]);
  TimerWheel wheel(kStart);
  TestTimer canceller([&] {
    for (size_t i = 0; i < kTimers; ++i) wheel.Cancel(timers[i]);
  });
  wheel.Arm(canceller, {1000000});
  for (size_t i = 0; i < kTimers; ++i) wheel.Arm(timers[i], {1000000});
  EXPECT_EQ(wheel.Advance({1000000}, kAll), 1u);
  EXPECT_EQ(wheel.armed_count(), 0u);
  EXPECT_TRUE(wheel.NextDeadline().is_infinite());
}

}  // namespace
}  // namespace troupe
