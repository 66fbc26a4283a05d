// Timers as messages, in virtual time: what is asserted of an instant holds to the turn.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/base/instant.h"
#include "troupe/loop/loop.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

// More than some turns take.
constexpr absl::Duration kTurns = absl::Microseconds(500);

struct Fired {
  int64_t value;
  Instant at;
  uint32_t missed;
};

class TimerTest : public testing::TestWithParam<int> {
 protected:
  TimerTest()
      : system_(*System::Start({.shards = GetParam(), .platform = &simulation_.AddNode("node")})) {}
  int last() const { return GetParam() - 1; }
  Script Collects() {
    return {.tick = [this](Context& cx, const Tick& tick) {
      fired_.Add({tick.value, cx.Now(), cx.missed()});
    }};
  }
  Ref<ProbeActor> Spawn(int shard, SpawnOptions options = {}) {
    options.placement = Placement::OnShard(shard);
    return system_->Spawn<ProbeActor>(options, Collects());
  }
  // What fired within `time` from now, altogether.
  std::vector<int64_t> ValuesAfter(absl::Duration time) {
    simulation_.RunFor(time);
    std::vector<int64_t> values;
    for (const Fired& fired : fired_.Now()) values.push_back(fired.value);
    return values;
  }

  Collected<Fired> fired_;
  TestSimulation simulation_;
  std::unique_ptr<System> system_;
};

using Values = std::vector<int64_t>;

TEST_P(TimerTest, F91_AfterFiresOnceAndNeverEarlyHoweverLongTheDelay) {
  const std::vector<absl::Duration> delays = {
      absl::Nanoseconds(1),
      absl::Nanoseconds(1'000'001),
      absl::Seconds(1) + absl::Nanoseconds(1) / 4,
      absl::Milliseconds(int64_t{std::numeric_limits<int32_t>::max()} + 1),
      absl::Milliseconds(int64_t{1} << 32),
  };
  const Ref<ProbeActor> actor = Spawn(last());
  Instant start;
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    start = cx.Now();
    for (size_t i = 0; i < delays.size(); ++i) {
      cx.After(&self, delays[i], Tick{static_cast<int64_t>(i)});
    }
  });
  EXPECT_EQ(ValuesAfter(absl::Hours(24 * 60)), (Values{0, 1, 2, 3, 4}));
  for (const Fired& fired : fired_.Now()) {
    EXPECT_GE(fired.at, start + delays[fired.value]);
    EXPECT_LE(fired.at, start + (delays[fired.value] + kTurns));
    EXPECT_EQ(fired.missed, 0u);
  }
}

TEST_P(TimerTest, F91_ADelayOfNothingOrLessIsOfTheNextTurn) {
  const Ref<ProbeActor> actor = Spawn(last());
  actor.Send(Do{[](ProbeActor& self, Context& cx) -> Reply<void> {
    cx.After(&self, absl::ZeroDuration(), Tick{1});
    cx.After(&self, -absl::Nanoseconds(1), Tick{2});
    cx.After(&self, -absl::InfiniteDuration(), Tick{3});
    Ref<ProbeActor>(cx.self()).Send(Tick{0});
    return absl::OkStatus();
  }});
  EXPECT_EQ(ValuesAfter(kTurns), (Values{0, 1, 2, 3}));
}

TEST_P(TimerTest, F91_AnInfiniteDelayNeverFiresAndCanBeCancelled) {
  const Ref<ProbeActor> actor = Spawn(last());
  std::vector<TimerId> ids;
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    ids.push_back(cx.After(&self, absl::InfiniteDuration(), Tick{1}));
    ids.push_back(cx.Every(&self, absl::InfiniteDuration(), Tick{2}));
    // Past the end of the clock.
    ids.push_back(cx.After(&self, absl::Hours(3'000'000), Tick{3}));
  });
  EXPECT_EQ(ValuesAfter(absl::Hours(10'000)), Values{});
  Perform(actor, [&](ProbeActor&, Context& cx) {
    for (const TimerId id : ids) EXPECT_TRUE(cx.Cancel(id));
  });
}

TEST_P(TimerTest, F91_APeriodOfNothingOrLessIsNoTimer) {
  for (const absl::Duration period : {absl::ZeroDuration(), -absl::Seconds(1)}) {
    const Ref<ProbeActor> actor = Spawn(last());
    Perform(actor, [&](ProbeActor& self, Context& cx) {
      const TimerId id = cx.Every(&self, period, Tick{});
      EXPECT_EQ(id, TimerId());
      EXPECT_FALSE(cx.Cancel(id));
    });
    EXPECT_EQ(ValuesAfter(absl::Seconds(1)), Values{});
  }
}

TEST_P(TimerTest, EveryFiresOnItsGrid) {
  const absl::Duration period = absl::Milliseconds(10);
  const Ref<ProbeActor> actor = Spawn(last());
  Instant start;
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    start = cx.Now();
    cx.Every(&self, period, Tick{});
  });
  EXPECT_EQ(ValuesAfter(100 * period + period / 2).size(), 100u);
  int64_t number = 0;
  for (const Fired& fired : fired_.Now()) {
    ++number;
    EXPECT_GE(fired.at, start + number * period);
    EXPECT_LE(fired.at, start + (number * period + kTurns));
    EXPECT_EQ(fired.missed, 0u);
  }
}

TEST_P(TimerTest, EveryKeepsOneFiringForABusyActorAndCountsTheOthers) {
  const Ref<ProbeActor> actor = Spawn(last());
  actor.Send(Do{[](ProbeActor& self, Context& cx) -> Reply<void> {
    cx.Every(&self, absl::Milliseconds(10), Tick{});
    co_await cx.Sleep(absl::Milliseconds(95));
    EXPECT_EQ(Waiting(), 1u);
    co_return absl::OkStatus();
  }});
  // Those at 10 ms to 90 ms, then at 100 ms and 110 ms.
  ValuesAfter(absl::Milliseconds(115));
  const std::vector<Fired> fired = fired_.Now();
  ASSERT_EQ(fired.size(), 3u);
  EXPECT_EQ(fired[0].missed, 8u);
  EXPECT_EQ(fired[1].missed, 0u);
  EXPECT_EQ(fired[2].missed, 0u);
}

TEST_P(TimerTest, EveryCountsWhatAPauseOfTheProcessSkips) {
  const Ref<ProbeActor> actor = Spawn(last());
  Perform(actor,
          [](ProbeActor& self, Context& cx) { cx.Every(&self, absl::Milliseconds(10), Tick{}); });
  simulation_.Pause("node", absl::Milliseconds(95));
  ValuesAfter(absl::Milliseconds(105));
  const std::vector<Fired> fired = fired_.Now();
  ASSERT_EQ(fired.size(), 2u);
  EXPECT_EQ(fired[0].missed, 8u);
  EXPECT_EQ(fired[1].missed, 0u);
}

TEST_P(TimerTest, F91_TheCountOfMissedFiringsSaturates) {
  const Ref<ProbeActor> actor = Spawn(last());
  TimerId id;
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    id = cx.Every(&self, absl::Nanoseconds(1), Tick{});
  });
  simulation_.Pause("node", absl::Seconds(20));
  simulation_.RunFor(absl::Seconds(20));
  Perform(actor, [&](ProbeActor&, Context& cx) { EXPECT_TRUE(cx.Cancel(id)); });
  uint32_t most = 0;
  for (const Fired& fired : fired_.Now()) most = std::max(most, fired.missed);
  EXPECT_EQ(most, std::numeric_limits<uint32_t>::max());
}

TEST_P(TimerTest, F56_CancelIsTrueOnceAndFalseForWhatWasHandled) {
  const Ref<ProbeActor> actor = Spawn(last());
  TimerId handled;
  TimerId inside;
  TimerId periodic;
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    const TimerId waiting = cx.After(&self, absl::Hours(1), Tick{1});
    EXPECT_TRUE(cx.Cancel(waiting));
    EXPECT_FALSE(cx.Cancel(waiting));
    EXPECT_FALSE(cx.Cancel(TimerId()));
    handled = cx.After(&self, absl::Milliseconds(1), Tick{2});
    inside =
        cx.After(&self, absl::Milliseconds(2), Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
          EXPECT_FALSE(cx.Cancel(inside));
          return absl::OkStatus();
        }});
    periodic =
        cx.Every(&self, absl::Milliseconds(3), Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
          fired_.Add({3, cx.Now(), cx.missed()});
          EXPECT_TRUE(cx.Cancel(periodic));
          EXPECT_FALSE(cx.Cancel(periodic));
          return absl::OkStatus();
        }});
  });
  EXPECT_EQ(ValuesAfter(absl::Hours(2)), (Values{2, 3}));
  Perform(actor, [&](ProbeActor&, Context& cx) { EXPECT_FALSE(cx.Cancel(handled)); });
}

TEST_P(TimerTest, F56_WhatIsQueuedIsNotHandledAfterCancel) {
  const Ref<ProbeActor> actor = Spawn(last());
  actor.Send(Do{[](ProbeActor& self, Context& cx) -> Reply<void> {
    const TimerId once = cx.After(&self, absl::Milliseconds(1), Tick{1});
    const TimerId often = cx.Every(&self, absl::Milliseconds(1), Tick{2});
    co_await cx.Sleep(absl::Milliseconds(5));
    EXPECT_EQ(Waiting(), 2u);
    for (const TimerId id : {once, often}) {
      EXPECT_TRUE(cx.Cancel(id));
      EXPECT_FALSE(cx.Cancel(id));
    }
    co_return absl::OkStatus();
  }});
  EXPECT_EQ(ValuesAfter(absl::Seconds(1)), Values{});
}

TEST_P(TimerTest, F56_CancelAndFiringInEachOrder) {
  // The cancellation is due at `offset` from the firing; of the same instant, the one that was
  // armed first comes first.
  for (const absl::Duration offset :
       {-absl::Nanoseconds(1), absl::ZeroDuration(), absl::Nanoseconds(1)}) {
    for (const bool cancel_armed_first : {true, false}) {
      const size_t before = fired_.Now().size();
      const Ref<ProbeActor> actor = Spawn(last());
      TimerId timer;
      bool cancelled = false;
      Perform(actor, [&](ProbeActor& self, Context& cx) {
        const absl::Duration delay = absl::Milliseconds(1);
        const Do cancel{[&](ProbeActor&, Context& cx) -> Reply<void> {
          cancelled = cx.Cancel(timer);
          return absl::OkStatus();
        }};
        if (cancel_armed_first) cx.After(&self, delay + offset, cancel);
        timer = cx.After(&self, delay, Tick{});
        if (!cancel_armed_first) cx.After(&self, delay + offset, cancel);
      });
      simulation_.RunFor(absl::Milliseconds(2));
      EXPECT_EQ(fired_.Now().size() - before, cancelled ? 0u : 1u);
      EXPECT_EQ(cancelled, offset < absl::ZeroDuration() ||
                               (offset == absl::ZeroDuration() && cancel_armed_first));
    }
  }
}

TEST_P(TimerTest, F56_NobodyElseCancelsATimer) {
  const Ref<ProbeActor> owner = Spawn(0);
  for (const Ref<ProbeActor>& other : {Spawn(last()), Spawn(0)}) {
    TimerId theirs;
    Perform(owner, [&](ProbeActor& self, Context& cx) {
      theirs = cx.After(&self, absl::Milliseconds(1), Tick{1});
    });
    Perform(other, [&](ProbeActor& self, Context& cx) {
      // Of another shard, in the same place of its table.
      const TimerId own = cx.After(&self, absl::Milliseconds(1), Tick{2});
      EXPECT_NE(own, theirs);
      EXPECT_FALSE(cx.Cancel(theirs));
    });
    simulation_.RunFor(absl::Milliseconds(2));
  }
  EXPECT_EQ(ValuesAfter(kTurns).size(), 4u);
}

TEST_P(TimerTest, F56_AnOldIdNeverCancelsANewTimerInItsPlace) {
  constexpr int64_t kMany = 1000;
  const Ref<ProbeActor> actor = Spawn(last());
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    std::vector<TimerId> old;
    for (int64_t i = 0; i < kMany; ++i) {
      const TimerId id = cx.After(&self, absl::Milliseconds(1), Tick{i});
      EXPECT_TRUE(cx.Cancel(id));
      old.push_back(id);
    }
    const TimerId living = cx.After(&self, absl::Milliseconds(1), Tick{kMany});
    for (const TimerId id : old) {
      EXPECT_NE(id, living);
      EXPECT_FALSE(cx.Cancel(id));
    }
  });
  EXPECT_EQ(ValuesAfter(absl::Seconds(1)), Values{kMany});
}

TEST_P(TimerTest, F56_NoTimerSurvivesARestart) {
  const Ref<ProbeActor> actor = Spawn(last(), {.restart = {.backoff_min = absl::Milliseconds(1),
                                                           .backoff_max = absl::Milliseconds(1)}});
  std::vector<TimerId> ids;
  actor.Send(Do{[&](ProbeActor& self, Context& cx) -> Reply<void> {
    ids.push_back(cx.After(&self, absl::Milliseconds(1), Tick{1}));
    ids.push_back(cx.Every(&self, absl::Milliseconds(1), Tick{2}));
    ids.push_back(cx.After(&self, absl::Milliseconds(20), Tick{3}));
    ids.push_back(cx.Every(&self, absl::Milliseconds(20), Tick{4}));
    // The first two are queued then, the others pending.
    co_await cx.Sleep(absl::Milliseconds(10));
    throw std::runtime_error("with timers pending");
  }});
  simulation_.RunFor(absl::Milliseconds(15));
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    cx.After(&self, absl::Milliseconds(50), Tick{5});
    for (const TimerId id : ids) EXPECT_FALSE(cx.Cancel(id));
  });
  EXPECT_EQ(ValuesAfter(absl::Seconds(1)), Values{5});
  EXPECT_EQ(system_->Counters().restarts, 1u);
}

TEST_P(TimerTest, F56_NothingFiresForAnActorThatStops) {
  const Ref<ProbeActor> actor = Spawn(last());
  const Ref<ProbeActor> neighbour = Spawn(last());
  actor.Send(Do{[](ProbeActor& self, Context& cx) -> Reply<void> {
    cx.After(&self, absl::ZeroDuration(), Tick{1});
    cx.After(&self, absl::Milliseconds(1), Tick{2});
    cx.Every(&self, absl::Milliseconds(1), Tick{3});
    cx.Stop();
    return absl::OkStatus();
  }});
  EXPECT_EQ(ValuesAfter(absl::Seconds(1)), Values{});
  Perform(neighbour, [](ProbeActor&, Context&) {
    EXPECT_EQ(internal::Shard::Current()->loop().timers().armed_count(), 0u);
  });
}

INSTANTIATE_TEST_SUITE_P(Shards, TimerTest, testing::Values(1, 2));

TEST(TimerLimitTest, AtTheLimitThereIsNoTimerAndNoId) {
  const auto system = StartSystem(1, {.records_per_shard_max = 2});
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>({}, Script{});
  Perform(actor, [](ProbeActor& self, Context& cx) {
    const TimerId first = cx.After(&self, absl::Hours(1), Tick{});
    cx.After(&self, absl::Hours(1), Tick{});
    const TimerId refused = cx.After(&self, absl::Hours(1), Tick{});
    EXPECT_EQ(refused, TimerId());
    EXPECT_FALSE(cx.Cancel(refused));
    EXPECT_TRUE(cx.Cancel(first));
    EXPECT_NE(cx.After(&self, absl::Hours(1), Tick{}), TimerId());
  });
}

}  // namespace
}  // namespace troupe::test
