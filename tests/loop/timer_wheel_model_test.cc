#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
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

class CallbackTimer final : public TimerNode {
 public:
  explicit CallbackTimer(std::function<void()> on_timer) : on_timer_(std::move(on_timer)) {}

 private:
  void OnTimer() override { on_timer_(); }

  const std::function<void()> on_timer_;
};

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
    if (fire_max == kAll) {
      ASSERT_FALSE(NextIsDue());
    }
    if (NextIsDue()) {
      ASSERT_LE(wheel_.NextDeadline(), now);
    }
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
  std::deque<CallbackTimer> timers_;
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

TEST_P(TimerWheelModelTest, F56_BehavesAsAnOrderedMap) {
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

TEST(TimerWheelInterleavingTest, F56_FireCancelAndReArmOfThreeTimersInEachOrder) {
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
