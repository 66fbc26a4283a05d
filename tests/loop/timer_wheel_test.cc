#include "troupe/loop/timer_wheel.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
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
    EXPECT_EQ(wheel_.Advance(now, fire_max), fired_.size());
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

TEST_F(TimerWheelTest, CancelledTimerDoesNotFire) {
  TestTimer& timer = Make();
  wheel_.Arm(timer, {2000});
  wheel_.Cancel(timer);
  EXPECT_EQ(wheel_.armed_count(), 0u);
  EXPECT_THAT(FiredBy({3000}), IsEmpty());
}

TEST_F(TimerWheelTest, SecondCancelIsIgnored) {
  TestTimer& timer = Make();
  wheel_.Cancel(timer);
  wheel_.Arm(timer, {2000});
  wheel_.Cancel(timer);
  wheel_.Cancel(timer);
  EXPECT_EQ(wheel_.armed_count(), 0u);
}

TEST_F(TimerWheelTest, ReArmedTimerFiresAtItsNewDeadlineOnly) {
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

TEST_F(TimerWheelTest, DueTimerCancelledInsideAnotherDoesNotFire) {
  TestTimer* second = nullptr;
  wheel_.Arm(Make([&] { wheel_.Cancel(*second); }), {2000});
  second = &Make();
  wheel_.Arm(*second, {2000});
  EXPECT_THAT(FiredBy({3000}), ElementsAre(0));
  EXPECT_EQ(wheel_.armed_count(), 0u);
}

TEST_F(TimerWheelTest, DueTimerMovedInsideAnotherFiresAtItsNewDeadline) {
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

TEST_F(TimerWheelTest, TimersMayBeDestroyedInsideOnTimer) {
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

TEST_F(TimerWheelTest, InfiniteDeadlineNeverFiresAndCanBeCancelled) {
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

TEST_F(TimerWheelTest, ExtremeWaitsAreNeitherEarlyNorTruncated) {
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

TEST_F(TimerWheelTest, ZeroAndNegativeWaitsFireInTheNextAdvance) {
  wheel_.Arm(Make(), kStart + absl::ZeroDuration());
  wheel_.Arm(Make(), kStart + absl::Seconds(-1));
  wheel_.Arm(Make(), {std::numeric_limits<int64_t>::min()});
  EXPECT_THAT(FiredBy(kStart), ElementsAre(0, 1, 2));
}

TEST_F(TimerWheelTest, WaitThatOverflowsIsInfinite) {
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

// Does everything twice, in a wheel and in an ordered map, and compares what fires.
class ModelChecked {
 public:
  // `on_fire(i)` runs inside timer i's OnTimer() and may call Arm() and Cancel().
  ModelChecked(int timer_count, std::function<void(int)> on_fire)
      : on_fire_(std::move(on_fire)), places_(timer_count, pending_.end()) {
    for (int i = 0; i < timer_count; ++i) timers_.emplace_back([this, i] { OnFire(i); });
  }

  int timer_count() const { return static_cast<int>(timers_.size()); }
  Instant now() const { return now_; }
  size_t finite_count() const { return finite_count_; }
  bool armed(int i) const { return timers_[i].armed(); }

  void Arm(int i, Instant deadline) {
    if (timers_[i].armed()) return;
    const Instant effective = std::max(deadline, now_);
    const bool waits = advancing_ && effective == now_;
    places_[i] = pending_.emplace(effective, Pending{i, waits ? advance_number_ : 0});
    finite_count_ += effective.is_infinite() ? 0 : 1;
    wheel_.Arm(timers_[i], deadline);
    Compare();
  }

  void Cancel(int i) {
    if (places_[i] != pending_.end()) Forget(i);
    wheel_.Cancel(timers_[i]);
    Compare();
  }

  void Advance(Instant now, size_t fire_max) {
    now_ = now;
    ++advance_number_;
    fired_count_ = 0;
    advancing_ = true;
    const size_t fired = wheel_.Advance(now, fire_max);
    advancing_ = false;
    ASSERT_EQ(fired, fired_count_);
    ASSERT_LE(fired, fire_max);
    // It may stop before fire_max for the number of nodes that it looked at, and then says so.
    if (fire_max == kAll) ASSERT_FALSE(NextIsDue());
    if (NextIsDue()) ASSERT_LE(wheel_.NextDeadline(), now);
    Compare();
  }

  Instant NextDeadline() const { return wheel_.NextDeadline(); }

 private:
  struct Pending {
    int timer;
    int not_before_advance;  // The Advance() during which it was armed, already due.
  };
  // Equal keys stay in the order of their insertion.
  using PendingMap = std::multimap<Instant, Pending>;

  bool NextIsDue() const {
    return !pending_.empty() && pending_.begin()->first <= now_ &&
           !pending_.begin()->first.is_infinite() &&
           pending_.begin()->second.not_before_advance != advance_number_;
  }

  void OnFire(int i) {
    ++fired_count_;
    ASSERT_TRUE(NextIsDue());
    ASSERT_EQ(pending_.begin()->second.timer, i);
    ASSERT_FALSE(timers_[i].armed());
    Forget(i);
    Compare();
    on_fire_(i);
  }

  void Forget(int i) {
    finite_count_ -= places_[i]->first.is_infinite() ? 0 : 1;
    pending_.erase(places_[i]);
    places_[i] = pending_.end();
  }

  void Compare() {
    ASSERT_EQ(wheel_.armed_count(), pending_.size());
    if (advancing_) return;
    if (finite_count_ == 0) {
      ASSERT_TRUE(wheel_.NextDeadline().is_infinite());
    } else {
      ASSERT_LE(wheel_.NextDeadline(), pending_.begin()->first);
    }
  }

  const std::function<void(int)> on_fire_;
  std::deque<TestTimer> timers_;
  PendingMap pending_;
  std::vector<PendingMap::iterator> places_;  // By timer; end() when it is not armed.
  size_t finite_count_ = 0;
  size_t fired_count_ = 0;
  int advance_number_ = 0;
  bool advancing_ = false;
  Instant now_ = kStart;
  TimerWheel wheel_{kStart};  // Destroyed first.
};

class TimerWheelModelTest : public ::testing::TestWithParam<int> {
 protected:
  Instant RandomDeadline(Instant now) {
    switch (random_.Below(16)) {
      case 0:
        return Instant::Infinite();
      case 1:
        return {now.nanos - static_cast<int64_t>(random_.Below(1000))};
      case 2:
        return now;
      case 3:
        return {now.nanos + 1};
      case 4:
        return {Instant::Infinite().nanos - 1};
      case 5:
        return {(now.nanos | 0xfff) + 1};  // Shared by many.
      default:
        return {now.nanos + static_cast<int64_t>(random_.Next() >> (20 + random_.Below(44)))};
    }
  }

  // Mostly small, sometimes right on the next deadline, sometimes far.
  Instant RandomNow(const ModelChecked& model) {
    const Instant now = model.now();
    switch (random_.Below(8)) {
      case 0:
        return now;
      case 1:
      case 2:
        return model.NextDeadline() > now && model.NextDeadline().nanos < int64_t{1} << 60
                   ? model.NextDeadline()
                   : now;
      case 3:
        return {now.nanos + static_cast<int64_t>(random_.Next() >> (24 + random_.Below(30)))};
      default:
        return {now.nanos + static_cast<int64_t>(random_.Below(5000))};
    }
  }

  Random random_{static_cast<uint64_t>(GetParam())};
};

TEST_P(TimerWheelModelTest, BehavesAsAnOrderedMap) {
  SCOPED_TRACE(::testing::Message() << "seed " << GetParam());
  ModelChecked* self = nullptr;
  const auto act = [&] {
    const int timer = static_cast<int>(random_.Below(self->timer_count()));
    if (random_.Below(3) == 0) {
      self->Cancel(timer);
    } else {
      self->Arm(timer, RandomDeadline(self->now()));
    }
  };
  ModelChecked model(1 + static_cast<int>(random_.Below(300)), [&](int i) {
    if (random_.Below(2) == 0) self->Arm(i, RandomDeadline(self->now()));
    while (random_.Below(2) == 0) act();
  });
  self = &model;
  for (int step = 0; step < 4000 && !HasFatalFailure(); ++step) {
    for (uint64_t count = random_.Below(8); count > 0; --count) act();
    if (model.now().nanos < int64_t{1} << 61) {
      model.Advance(RandomNow(model), random_.Below(2) == 0 ? kAll : random_.Below(20));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TimerWheelModelTest, ::testing::Range(1, 31));

// What a timer does when it fires, in the test of all interleavings.
enum class Action { kNothing, kReArmNow, kReArmLater, kCancelNext, kMoveNext, kMoveNextToNow };
constexpr int kActions = 6;

void Do(Action action, ModelChecked& model, int self) {
  const int next = (self + 1) % model.timer_count();
  switch (action) {
    case Action::kNothing:
      return;
    case Action::kReArmNow:
      return model.Arm(self, model.now());
    case Action::kReArmLater:
      return model.Arm(self, {model.now().nanos + 1});
    case Action::kCancelNext:
      return model.Cancel(next);
    case Action::kMoveNext:
      model.Cancel(next);
      return model.Arm(next, {model.now().nanos + 1});
    case Action::kMoveNextToNow:
      model.Cancel(next);
      return model.Arm(next, model.now());
  }
}

TEST(TimerWheelInterleavingTest, FireCancelAndReArmOfThreeTimersInEachOrder) {
  constexpr int kTimers = 3;
  constexpr int kDeadlines = 3;
  constexpr int kChoices = kActions * kDeadlines;
  constexpr int kCases = kChoices * kChoices * kChoices;
  for (int which = 0; which < kCases && !::testing::Test::HasFatalFailure(); ++which) {
    SCOPED_TRACE(which);
    const int choices[kTimers] = {which % kChoices, which / kChoices % kChoices,
                                  which / kChoices / kChoices};
    ModelChecked* self = nullptr;
    ModelChecked model(kTimers,
                       [&](int i) { Do(static_cast<Action>(choices[i] / kDeadlines), *self, i); });
    self = &model;
    for (int i = 0; i < kTimers; ++i) model.Arm(i, {kStart.nanos + 1 + choices[i] % kDeadlines});
    for (int step = 1; step <= 4; ++step) {
      model.Advance({kStart.nanos + step}, step % 2 == 0 ? 1 : kAll);
    }
    for (int i = 0; i < kTimers; ++i) model.Cancel(i);
  }
}

}  // namespace
}  // namespace troupe
