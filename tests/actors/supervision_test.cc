// Failures, restarts and the order of the end.

#include <atomic>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/actors/system.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

RestartOptions Soon(uint32_t max = 5) {
  return {.max = max, .backoff_min = absl::Microseconds(1), .backoff_max = absl::Microseconds(10)};
}

RestartOptions Never() { return {.kind = RestartKind::kNever}; }

class SupervisionTest : public testing::TestWithParam<int> {
 protected:
  SupervisionTest() : system_(StartSystem(GetParam())) {
    for (int i = 0; i < GetParam(); ++i) {
      watchers_.push_back(system_->Spawn<ProbeActor>(
          OnShard(i), Script{.down = [this](Context&, const Down& down) { downs_.Add(down); }}));
    }
  }
  ~SupervisionTest() override { End(); }
  int last() const { return GetParam() - 1; }
  // Before what the actors' scripts refer to goes.
  void End() { system_.reset(); }
  // From its own shard, so that the monitor is there at the return.
  void Watch(const AnyRef& target) {
    Perform(watchers_[target.shard()],
            [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, target); });
  }
  // A child of a watcher, so that it is watched before it starts.
  Ref<ProbeActor> SpawnWatched(Script script, RestartOptions restart = Never()) {
    Ref<ProbeActor> actor;
    Perform(watchers_[last()], [&](ProbeActor& self, Context& cx) {
      actor = cx.Spawn<ProbeActor>({.restart = restart, .placement = {.shard = last()}},
                                   std::move(script));
      cx.Monitor(&self, actor);
    });
    return actor;
  }
  Down WaitForDown() { return downs_.Wait(1)[0]; }

  Collected<Down> downs_;
  std::unique_ptr<System> system_;
  std::vector<Ref<ProbeActor>> watchers_;
};

TEST_P(SupervisionTest, F48_AnExceptionInAHandlerFailsThatActorAlone) {
  const Ref<ProbeActor> bystander = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      {.restart = Never(), .placement = {.shard = last()}},
      Script{.tick = [](Context&, const Tick&) { throw std::runtime_error("tick"); }});
  Watch(actor);
  actor.Send(Tick{});
  const Down down = WaitForDown();
  EXPECT_EQ(down.reason, StopReason::kFailed);
  EXPECT_EQ(down.status.message(), "exception: tick");
  Settle(bystander);
  EXPECT_EQ(system_->Counters().failures, 1u);
}

TEST_P(SupervisionTest, F48_WhatIsThrownNeedNotBeAnException) {
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      {.restart = Never()}, Script{.tick = [](Context&, const Tick&) { throw 7; }});
  Watch(actor);
  actor.Send(Tick{});
  EXPECT_EQ(WaitForDown().reason, StopReason::kFailed);
}

TEST_P(SupervisionTest, F48_AFailedStartIsAFailure) {
  SpawnWatched({.start = [](ProbeActor&, Context&) -> Reply<void> {
    return absl::NotFoundError("no disk");
  }});
  const Down down = WaitForDown();
  EXPECT_EQ(down.reason, StopReason::kFailed);
  EXPECT_EQ(down.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(down.status.message(), "OnStart: no disk");
}

TEST_P(SupervisionTest, F48_AnExceptionInOnStartIsOneFailureAndOneDown) {
  const Ref<ProbeActor> bystander = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  for (const bool suspends : {false, true}) {
    SpawnWatched({.start = [suspends](ProbeActor&, Context& cx) -> Reply<void> {
                    if (suspends) co_await cx.Sleep(absl::Milliseconds(1));
                    throw std::runtime_error("start");
                    co_return absl::OkStatus();
                  },
                  .stop = [](Context&, StopReason) -> Reply<void> {
                    ADD_FAILURE() << "OnStop of an actor that failed";
                    return absl::OkStatus();
                  }});
    const size_t so_far = suspends ? 2 : 1;
    const Down down = downs_.Wait(so_far).back();
    EXPECT_EQ(down.reason, StopReason::kFailed);
    EXPECT_EQ(down.status.message(), "exception: start");
    Settle(bystander);
    Settle(watchers_[last()]);
    EXPECT_EQ(downs_.Now().size(), so_far);
    EXPECT_EQ(system_->Counters().failures, so_far);
  }
}

TEST_P(SupervisionTest, F48_AnExceptionInOnStartOnceIsFollowedByAnotherLife) {
  std::atomic<int> starts{0};
  const Ref<ProbeActor> actor =
      SpawnWatched({.ask = [](Context&, const Number& n) -> Reply<Number> { return n; },
                    .start = [&](ProbeActor&, Context& cx) -> Reply<void> {
                      const int start = ++starts;
                      if (start == 2) co_await cx.Sleep(absl::Milliseconds(1));
                      if (start <= 2) throw std::runtime_error("start");
                      co_return absl::OkStatus();
                    }},
                   Soon());
  EXPECT_TRUE(Probe::Ref(actor).Ask(Num(1)).Wait().ok());
  EXPECT_EQ(starts, 3);
  EXPECT_TRUE(downs_.Now().empty());
}

TEST_P(SupervisionTest, F48_AnExceptionInADownHandlerFailsTheSupervisorOnce) {
  Collected<int> lives;
  Collected<int> told;
  const Ref<ProbeActor> supervisor = system_->Spawn<ProbeActor>(
      {.restart = Soon(), .placement = {.shard = 0}},
      Script{
          .start = [&](ProbeActor& self, Context& cx) -> Reply<void> {
            lives.Add(1);
            const Ref<ProbeActor> child = cx.Spawn<ProbeActor>(
                {.restart = Never(), .placement = {.shard = last()}},
                Script{.tick = [](Context&, const Tick&) { throw std::runtime_error("child"); }});
            cx.Monitor(&self, child);
            if (lives.Now().size() == 1) child.Send(Tick{});
            return absl::OkStatus();
          },
          .down =
              [&](Context&, const Down&) {
                told.Add(1);
                throw std::runtime_error("supervisor");
              }});
  Watch(supervisor);
  lives.Wait(2);
  Settle(supervisor);
  EXPECT_EQ(told.Now().size(), 1u);
  const ShardCounters counters = system_->Counters();
  EXPECT_EQ(counters.failures, 2u);
  EXPECT_EQ(counters.restarts, 1u);
  EXPECT_TRUE(downs_.Now().empty());
  End();
}

TEST_P(SupervisionTest, F48_AConstructorThatThrowsIsAFailure) {
  struct Unmade : Actor {
    explicit Unmade(std::atomic<int>* tries) {
      if (tries->fetch_add(1) == 0) throw std::runtime_error("not yet");
    }
    void On(Context&, const Do&) {}
    Reply<void> OnStart(Context&) override { return absl::OkStatus(); }
    void On(Context& cx, const Tick&) { cx.Stop(); }
  };
  std::atomic<int> tries{0};
  const Ref<Unmade> actor = system_->Spawn<Unmade>({.restart = Soon()}, &tries);
  Watch(actor);
  actor.Send(Tick{});
  EXPECT_EQ(WaitForDown().reason, StopReason::kStopped);
  EXPECT_EQ(tries, 2);
}

TEST_P(SupervisionTest, F48_AnExceptionInOnStopEndsTheActorAllTheSame) {
  for (const bool suspends : {false, true}) {
    const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
        OnShard(last()), Script{.stop = [suspends](Context& cx, StopReason) -> Reply<void> {
          if (suspends) co_await cx.Sleep(absl::Milliseconds(1));
          throw std::runtime_error("stop");
          co_return absl::OkStatus();
        }});
    Watch(actor);
    Settle(actor);
    system_->Stop(actor);
    EXPECT_EQ(downs_.Wait(suspends ? 2 : 1).back().reason, StopReason::kFailed);
  }
}

TEST_P(SupervisionTest, F48_AnExceptionAfterASuspensionFailsTheActorAndItsRequest) {
  const Ref<ProbeActor> actor =
      system_->Spawn<ProbeActor>({.restart = Soon(), .placement = {.shard = last()}},
                                 Script{.ask = [](Context& cx, const Number& n) -> Reply<Number> {
                                   if (n.value() == 0) {
                                     co_await cx.Sleep(absl::Milliseconds(1));
                                     throw std::runtime_error("late");
                                   }
                                   co_return n;
                                 }});
  const absl::StatusOr<Number> failed = Probe::Ref(actor).Ask(Num(0)).Wait();
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(CertaintyOf(failed.status()), Certainty::kMaybeExecuted);
  EXPECT_TRUE(Probe::Ref(actor).Ask(Num(1)).Wait().ok());
}

TEST_P(SupervisionTest, F49_ThePoisonMessageIsNotRedelivered) {
  std::atomic<int> poisoned{0};
  Collected<int64_t> others;
  const Ref<ProbeActor> actor =
      system_->Spawn<ProbeActor>({.restart = Soon(), .placement = {.shard = last()}},
                                 Script{.tick = [&](Context&, const Tick& tick) {
                                   if (tick.value == 1) {
                                     ++poisoned;
                                     throw std::runtime_error("poison");
                                   }
                                   others.Add(tick.value);
                                 }});
  for (int64_t i = 0; i < 4; ++i) actor.Send(Tick{i});
  EXPECT_EQ(others.Wait(3), (std::vector<int64_t>{0, 2, 3}));
  EXPECT_EQ(poisoned, 1);
}

TEST_P(SupervisionTest, ARestartKeepsHandleAndMailboxAndSendsNoDown) {
  std::atomic<int> lives{0};
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      {.name = "kept", .restart = Soon(), .placement = {.shard = last()}},
      Script{.ask = [&](Context&, const Number&) -> Reply<Number> { return Num(lives); },
             .start = [&](ProbeActor&, Context&) -> Reply<void> {
               ++lives;
               return absl::OkStatus();
             },
             .tick = [](Context&, const Tick&) { throw std::runtime_error("tick"); }});
  Watch(actor);
  actor.Send(Tick{});
  const absl::StatusOr<Number> lives_seen = Probe::Ref(actor).Ask(Num(0)).Wait();
  ASSERT_TRUE(lives_seen.ok()) << lives_seen.status();
  EXPECT_EQ(lives_seen->value(), 2);
  EXPECT_EQ(system_->FindAny("kept"), actor);
  Settle(watchers_[last()]);
  EXPECT_TRUE(downs_.Now().empty());
}

TEST_P(SupervisionTest, F50_MoreRestartsThanTheWindowAllowsEndTheActor) {
  std::atomic<int> lives{0};
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      {.restart = Soon(3), .placement = {.shard = last()}},
      Script{.start = [&](ProbeActor&, Context&) -> Reply<void> {
               ++lives;
               return absl::OkStatus();
             },
             .tick = [](Context&, const Tick&) { throw std::runtime_error("tick"); }});
  Watch(actor);
  for (int i = 0; i < 10; ++i) actor.Send(Tick{});
  EXPECT_EQ(WaitForDown().reason, StopReason::kFailed);
  EXPECT_EQ(lives, 4);
  EXPECT_EQ(system_->Counters().restarts, 3u);
}

TEST_P(SupervisionTest, SpawnOnceIsNeverRestarted) {
  struct Once : Actor {
    explicit Once(std::unique_ptr<int> value) : value(std::move(value)) {}
    void On(Context&, const Tick&) { throw std::runtime_error("tick"); }
    std::unique_ptr<int> value;
  };
  const Ref<Once> actor = system_->SpawnOnce<Once>({}, std::make_unique<int>(3));
  Watch(actor);
  actor.Send(Tick{});
  EXPECT_EQ(WaitForDown().reason, StopReason::kFailed);
  EXPECT_EQ(system_->Counters().restarts, 0u);
}

TEST_P(SupervisionTest, ChildrenStopBeforeTheirParentIsMadeAnew) {
  Collected<std::string> story;
  const int there = last();
  const Ref<ProbeActor> parent = system_->Spawn<ProbeActor>(
      {.restart = Soon(), .placement = {.shard = 0}},
      Script{.start = [&story, there](ProbeActor&, Context& cx) -> Reply<void> {
               story.Add("start");
               const Script child{.start = [&story](ProbeActor&, Context&) -> Reply<void> {
                                    story.Add("born");
                                    return absl::OkStatus();
                                  },
                                  .stop = [&story](Context& cx, StopReason why) -> Reply<void> {
                                    co_await cx.Sleep(absl::Milliseconds(1));
                                    story.Add(why == StopReason::kShutdown ? "gone" : "?");
                                    co_return absl::OkStatus();
                                  }};
               cx.Spawn<ProbeActor>(OnShard(0), child);
               cx.Spawn<ProbeActor>(OnShard(there), child);
               return absl::OkStatus();
             },
             .tick = [](Context&, const Tick&) { throw std::runtime_error("tick"); }});
  story.Wait(3);
  parent.Send(Tick{});
  std::vector<std::string> told = story.Wait(6);
  told.resize(6);
  EXPECT_EQ(told, (std::vector<std::string>{"start", "born", "born", "gone", "gone", "start"}));
  End();
}

TEST_P(SupervisionTest, AStopOfAFailedActorEndsIt) {
  Collected<int> starts;
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      {.restart = {.backoff_min = absl::Hours(1), .backoff_max = absl::Hours(1)},
       .placement = {.shard = last()}},
      Script{.start = [&](ProbeActor&, Context&) -> Reply<void> {
               starts.Add(1);
               return absl::OkStatus();
             },
             .tick = [](Context&, const Tick&) { throw std::runtime_error("tick"); }});
  Watch(actor);
  actor.Send(Tick{});
  system_->Stop(actor);
  WaitForDown();
  EXPECT_EQ(starts.Now().size(), 1u);
}

TEST_P(SupervisionTest, WhoeverAskedToStopIsNotRestartedByAFailure) {
  const Ref<ProbeActor> actor =
      system_->Spawn<ProbeActor>({.restart = Soon(), .placement = {.shard = last()}},
                                 Script{.tick = [](Context& cx, const Tick&) {
                                   cx.Stop();
                                   throw std::runtime_error("after all");
                                 }});
  Watch(actor);
  actor.Send(Tick{});
  EXPECT_EQ(WaitForDown().reason, StopReason::kFailed);
  EXPECT_EQ(system_->Counters().restarts, 0u);
}

TEST_P(SupervisionTest, AnOldFailureIsNoReasonForALaterEnd) {
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      {.restart = Soon(), .placement = {.shard = last()}},
      Script{.tick = [](Context&, const Tick&) { throw std::runtime_error("tick"); }});
  Watch(actor);
  actor.Send(Tick{});
  Settle(actor);
  system_->Stop(actor);
  const Down down = WaitForDown();
  EXPECT_EQ(down.reason, StopReason::kStopped);
  EXPECT_TRUE(down.status.ok()) << down.status;
}

TEST_P(SupervisionTest, F56_F57_AStaleTimerOrReplyNeverReachesTheNewLife) {
  Collected<int64_t> ticks;
  std::atomic<bool> resumed{false};
  const Ref<ProbeActor> slow = system_->Spawn<ProbeActor>(
      OnShard(last()), Script{.mix = [](Context& cx, const Number& n) -> Reply<Number> {
        co_await cx.Sleep(absl::Milliseconds(2));
        co_return n;
      }});
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      {.restart = Soon(), .placement = {.shard = 0}},
      Script{.mix = [&, slow](Context&, const Number&) -> Reply<Number> {
               absl::StatusOr<Number> reply = co_await Probe::Ref(slow).Mix(Num(1));
               resumed = true;
               co_return reply;
             },
             .tick = [&](Context&, const Tick& tick) { ticks.Add(tick.value); }});
  Collected<absl::Status> asked;
  watchers_[0].Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    const absl::StatusOr<Number> reply = co_await Probe::Ref(actor).Mix(Num(0));
    asked.Add(reply.status());
    co_return absl::OkStatus();
  }});
  actor.Send(Do{[](ProbeActor& self, Context& cx) -> Reply<void> {
    cx.After(&self, absl::Milliseconds(1), Tick{1});
    cx.Every(&self, absl::Microseconds(100), Tick{2});
    throw std::runtime_error("with timers pending");
  }});
  const absl::Status status = asked.Wait(1)[0];
  EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kAborted) << status;
  // Longer than what was pending; a timer of the new life ends the wait.
  Perform(actor,
          [](ProbeActor& self, Context& cx) { cx.After(&self, absl::Milliseconds(5), Tick{3}); });
  EXPECT_EQ(ticks.Wait(1), std::vector<int64_t>{3});
  EXPECT_EQ(resumed, status.ok());
}

INSTANTIATE_TEST_SUITE_P(Shards, SupervisionTest, testing::Values(1, 2));

}  // namespace
}  // namespace troupe::test
