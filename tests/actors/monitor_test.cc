// Downs: exactly one, after all the dead one said, whatever the watcher's mailbox holds.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/actors/system.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

class MonitorTest : public testing::TestWithParam<int> {
 protected:
  MonitorTest() : system_(StartSystem(GetParam())) {
    watcher_ = system_->Spawn<ProbeActor>(
        OnShard(0), Script{.down = [this](Context&, const Down& down) { downs_.Add(down); }});
  }
  ~MonitorTest() override { End(); }
  // Before what the actors' scripts refer to goes.
  void End() { system_.reset(); }
  int last() const { return GetParam() - 1; }
  MonitorId Watch(const AnyRef& target) {
    MonitorId id;
    Perform(watcher_, [&](ProbeActor& self, Context& cx) { id = cx.Monitor(&self, target); });
    return id;
  }

  Collected<Down> downs_;
  std::unique_ptr<System> system_;
  Ref<ProbeActor> watcher_;
};

TEST_P(MonitorTest, F54_MonitorSetTwiceGivesTwoDowns) {
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  const MonitorId first = Watch(actor);
  const MonitorId second = Watch(actor);
  EXPECT_NE(first, second);
  Perform(watcher_, [&](ProbeActor&, Context& cx) { cx.Stop(actor); });
  const std::vector<Down> downs = downs_.Wait(2);
  EXPECT_NE(downs[0].monitor, downs[1].monitor);
  for (const Down& down : downs) {
    EXPECT_EQ(down.who, actor);
    EXPECT_EQ(down.reason, StopReason::kStopped);
    EXPECT_TRUE(down.status.ok());
  }
}

TEST_P(MonitorTest, F54_OneThatIsGoneAlreadyIsDownAtOnce) {
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  Watch(actor);
  system_->Stop(actor);
  downs_.Wait(1);
  Watch(actor);
  EXPECT_EQ(downs_.Wait(2)[1].reason, StopReason::kUnknown);
  Watch(AnyRef());
  EXPECT_EQ(downs_.Wait(3)[2].reason, StopReason::kUnknown);
}

TEST_P(MonitorTest, F54_MonitorSetWhileOnStopWaitsGivesTheDown) {
  Collected<int> stopping;
  std::atomic<bool> go{false};
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      OnShard(last()), Script{.stop = [&](Context& cx, StopReason) -> Reply<void> {
        stopping.Add(1);
        while (!go) co_await cx.Sleep(absl::Microseconds(100));
        co_return absl::OkStatus();
      }});
  Collected<int64_t> arrived;
  const Ref<ProbeActor> neighbour = system_->Spawn<ProbeActor>(
      OnShard(last()),
      Script{.tick = [&](Context&, const Tick& tick) { arrived.Add(tick.value); }});
  Settle(actor);
  const MonitorId before = Watch(actor);
  system_->Stop(actor);
  stopping.Wait(1);
  const MonitorId during = Watch(actor);
  // Behind the monitor, on the same way.
  Perform(watcher_, [&](ProbeActor&, Context&) { neighbour.Send(Tick{}); });
  arrived.Wait(1);
  EXPECT_TRUE(downs_.Now().empty());
  go = true;
  const std::vector<Down> downs = downs_.Wait(2);
  EXPECT_THAT((std::vector<MonitorId>{downs[0].monitor, downs[1].monitor}),
              testing::UnorderedElementsAre(before, during));
  for (const Down& down : downs) EXPECT_EQ(down.reason, StopReason::kStopped);
  End();
}

TEST_P(MonitorTest, F54_DemonitorInsideTheDownHandler) {
  // Both Downs come together; the handler of the first ends the other monitor.
  Collected<MonitorId> told;
  std::vector<MonitorId> monitors;
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  const Ref<ProbeActor> watcher =
      system_->Spawn<ProbeActor>(OnShard(0), Script{.down = [&](Context& cx, const Down& down) {
                                   for (const MonitorId id : monitors)
                                     EXPECT_EQ(cx.Demonitor(id), id != down.monitor);
                                   told.Add(down.monitor);
                                 }});
  Perform(watcher, [&](ProbeActor& self, Context& cx) {
    monitors = {cx.Monitor(&self, actor), cx.Monitor(&self, actor)};
  });
  StopAndWait(actor);
  told.Wait(1);
  for (int i = 0; i < 3; ++i) Settle(watcher);
  EXPECT_EQ(told.Now().size(), 1u);
}

TEST_P(MonitorTest, F54_StopInsideTheDownHandler) {
  // With another Down behind it in the mailbox, and one that has not come yet.
  Collected<int> told;
  const Ref<ProbeActor> lives = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  const Ref<ProbeActor> watcher =
      system_->Spawn<ProbeActor>(OnShard(0), Script{.down = [&](Context& cx, const Down&) {
                                   told.Add(1);
                                   cx.Stop();
                                 }});
  Watch(watcher);
  Perform(watcher, [&](ProbeActor& self, Context& cx) {
    cx.Monitor(&self, actor);
    cx.Monitor(&self, actor);
    cx.Monitor(&self, lives);
  });
  system_->Stop(actor);
  EXPECT_EQ(downs_.Wait(1)[0].who, watcher);
  StopAndWait(lives);
  EXPECT_EQ(told.Now().size(), 1u);
  EXPECT_EQ(system_->Counters().dead_letters, 0u);
}

TEST_P(MonitorTest, F54_AfterDemonitorNothingComesNotEvenWhatIsQueued) {
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  const MonitorId waiting = Watch(actor);
  Perform(watcher_, [&](ProbeActor&, Context& cx) {
    EXPECT_TRUE(cx.Demonitor(waiting));
    EXPECT_FALSE(cx.Demonitor(waiting));
  });
  // Dead already: on one shard, its Down is in the mailbox when Monitor() returns.
  Perform(watcher_, [&](ProbeActor& self, Context& cx) {
    EXPECT_TRUE(cx.Demonitor(cx.Monitor(&self, AnyRef())));
  });
  Watch(actor);
  Perform(watcher_, [&](ProbeActor&, Context& cx) { cx.Stop(actor); });
  downs_.Wait(1);
  Settle(watcher_);
  EXPECT_EQ(downs_.Now().size(), 1u);
}

TEST_P(MonitorTest, F54_AnActorMayMonitorItself) {
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      OnShard(last()),
      Script{.down = [](Context&, const Down&) { ADD_FAILURE() << "it heard of its own end"; }});
  MonitorId id;
  Collected<bool> demonitored;
  Perform(watcher_, [&](ProbeActor& self, Context& cx) {
    id = cx.Monitor(&self, actor);
    EXPECT_EQ(actor.Send(Do{[&](ProbeActor& own, Context& own_cx) -> Reply<void> {
      own_cx.Monitor(&own, own_cx.self());
      demonitored.Add(own_cx.Demonitor(own_cx.Monitor(&own, own_cx.self())));
      return absl::OkStatus();
    }}),
              SendResult::kAccepted);
  });
  EXPECT_TRUE(demonitored.Wait(1)[0]);
  Perform(watcher_, [&](ProbeActor&, Context& cx) { cx.Stop(actor); });
  const std::vector<Down> downs = downs_.Wait(1);
  EXPECT_EQ(downs[0].who, actor);
  EXPECT_EQ(downs[0].monitor, id);
  EXPECT_EQ(downs[0].reason, StopReason::kStopped);
  Settle(watcher_);
  EXPECT_EQ(downs_.Now().size(), 1u);
  // The Down that it kept for itself went with it: no loss, and no record in its next tenant.
  const Ref<ProbeActor> next = system_->Spawn<ProbeActor>(
      OnShard(last()),
      Script{.down = [](Context&, const Down&) { ADD_FAILURE() << "a Down of another"; }});
  Settle(next);
  const ShardCounters counters = system_->Counters();
  EXPECT_EQ(counters.dead_letters, 0u);
  EXPECT_EQ(counters.stopped, 1u);
  End();
}

TEST_P(MonitorTest, F54_ADeadWatcherCostsNothing) {
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  const Ref<ProbeActor> other = system_->Spawn<ProbeActor>(OnShard(0), Script{});
  Perform(other, [&](ProbeActor& self, Context& cx) {
    cx.Monitor(&self, actor);
    cx.Stop();
  });
  Watch(actor);
  Perform(watcher_, [&](ProbeActor&, Context& cx) { cx.Stop(actor); });
  downs_.Wait(1);
  EXPECT_EQ(system_->Counters().dead_letters, 0u);
}

TEST_P(MonitorTest, F55_TwoThatWatchEachOtherMayEndTogether) {
  Collected<int> downs;
  const Script counts{.down = [&](Context& cx, const Down&) {
    downs.Add(1);
    cx.Stop();
  }};
  const Ref<ProbeActor> a = system_->Spawn<ProbeActor>(OnShard(0), counts);
  const Ref<ProbeActor> b = system_->Spawn<ProbeActor>(OnShard(last()), counts);
  Perform(a, [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, b); });
  Perform(b, [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, a); });
  Watch(a);
  Watch(b);
  Perform(watcher_, [&](ProbeActor&, Context& cx) { cx.Stop(a); });
  downs_.Wait(2);
  EXPECT_EQ(downs.Now().size(), 1u);
}

TEST_P(MonitorTest, F60_AFullMailboxLosesNoDown) {
  constexpr int kMany = 1000;
  Collected<Down> downs;
  const std::unique_ptr<Event> entered = system_->runtime().platform().MakeEvent();
  const std::unique_ptr<Event> open = system_->runtime().platform().MakeEvent();
  const Ref<ProbeActor> parent = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  std::vector<AnyRef> children;
  Perform(parent, [&](ProbeActor&, Context& cx) {
    for (int i = 0; i < kMany; ++i) children.push_back(cx.Spawn<ProbeActor>({}, Script{}));
  });
  const Ref<ProbeActor> watcher = system_->Spawn<ProbeActor>(
      {.mailbox = {.messages_max = 2}, .placement = {.shard = 0}},
      Script{.tick = [](Context&, const Tick&) {},
             .down = [&](Context&, const Down& down) { downs.Add(down); }});
  // Busy until its mailbox is full, which it says itself.
  watcher.Send(Do{[&](ProbeActor& self, Context& cx) -> Reply<void> {
    for (const AnyRef& child : children) cx.Monitor(&self, child);
    while (Ref<ProbeActor>(cx.self()).Send(Tick{}) == SendResult::kAccepted) {
    }
    cx.Stop(parent);
    // The mailbox stays full until the parent has gone, and all its children before it.
    const MonitorId last = cx.Monitor(&self, parent);
    (void)last;
    co_await cx.Sleep(absl::Milliseconds(5));
    co_return absl::OkStatus();
  }});
  EXPECT_EQ(downs.Wait(kMany + 1).size(), size_t{kMany + 1});
}

TEST_P(MonitorTest, F54_ADownNeverOvertakesAMessage) {
  constexpr int kRounds = 100;
  Collected<int64_t> story;
  const Ref<ProbeActor> watcher = system_->Spawn<ProbeActor>(
      OnShard(0), Script{.tick = [&](Context&, const Tick& tick) { story.Add(tick.value); },
                         .down = [&](Context&, const Down&) { story.Add(-1); }});
  for (int round = 0; round < kRounds; ++round) {
    const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
    Perform(watcher, [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, actor); });
    actor.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
      for (int i = 0; i < 200; ++i) {
        while (watcher.Send(Tick{i}) == SendResult::kFull) co_await cx.Sleep(absl::Microseconds(1));
      }
      cx.Stop();
      co_return absl::OkStatus();
    }});
    const std::vector<int64_t> told = story.Wait((round + 1) * 201);
    EXPECT_EQ(told[round * 201 + 199], 199);
    EXPECT_EQ(told[round * 201 + 200], -1);
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, MonitorTest, testing::Values(1, 2));

TEST(MonitorChainTest, F55_ADeepChainOfDeathsIsIterative) {
  // Each actor ends when the one before it did.
  constexpr int kMany = 20000;
  Collected<int> ended;
  const auto system = StartSystem(2);
  struct Link : Actor {
    Link(AnyRef before, Collected<int>* ended) : before(before), ended(ended) {}
    Reply<void> OnStart(Context& cx) override {
      cx.Monitor(this, before);
      return absl::OkStatus();
    }
    void On(Context& cx, const Down&) { cx.Stop(); }
    Reply<void> OnStop(Context&, StopReason) override {
      if (ended != nullptr) ended->Add(1);
      return absl::OkStatus();
    }
    AnyRef before;
    Collected<int>* ended;
  };
  const Ref<ProbeActor> first = system->Spawn<ProbeActor>({}, Script{});
  const Ref<ProbeActor> maker = system->Spawn<ProbeActor>({}, Script{});
  Perform(maker, [&](ProbeActor&, Context& cx) {
    AnyRef before = first;
    for (int i = 1; i < kMany; ++i) before = cx.Spawn<Link>({}, before, nullptr);
    cx.Spawn<Link>({}, before, &ended);
  });
  system->Stop(first);
  ended.Wait(1);
}

}  // namespace
}  // namespace troupe::test
