// Requests: each has exactly one outcome, and a failed one says how far it got.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/call.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/loop/loop.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

Script Doubles() {
  return {.ask = [](Context&, const Number& n) -> Reply<Number> { return Num(2 * n.value()); },
          .mix = [](Context&, const Number& n) -> Reply<Number> { return Num(2 * n.value()); }};
}

// Never answers; says when it began and when it was cancelled.
struct Deaf {
  Script script() {
    return {.ask = [this](Context& cx, const Number& n) { return Wait(cx, n); },
            .mix = [this](Context& cx, const Number& n) { return Wait(cx, n); }};
  }
  Reply<Number> Wait(Context& cx, const Number& n) {
    began.Add(n.value());
    const absl::Status slept = co_await cx.Sleep(absl::Hours(1));
    ended.Add(slept);
    was_cancelled.Add(cx.cancelled());
    const absl::Status again = co_await cx.Sleep(absl::Hours(1));
    ended.Add(again);
    co_return slept;
  }

  Collected<int64_t> began;
  Collected<absl::Status> ended;
  Collected<bool> was_cancelled;
};

class AskTest : public testing::TestWithParam<int> {
 protected:
  AskTest() : system_(StartSystem(GetParam())) {}
  ~AskTest() override { End(); }
  void End() { system_.reset(); }
  int last() const { return GetParam() - 1; }
  Ref<ProbeActor> Spawn(int shard, Script script) {
    return system_->Spawn<ProbeActor>(OnShard(shard), std::move(script));
  }
  // What `body` comes to as a handler of an actor on the first shard.
  absl::StatusOr<Number> InActor(std::function<Reply<Number>(Context&, const Number&)> body) {
    return Probe::Ref(Spawn(0, Script{.ask = std::move(body)})).Ask(Num(0)).Wait();
  }

  Deaf deaf_;
  std::unique_ptr<System> system_;
};

TEST_P(AskTest, AReplyComesBack) {
  const Probe::Ref callee = Spawn(last(), Doubles());
  const absl::StatusOr<Number> reply = InActor([callee](Context&, const Number&) -> Reply<Number> {
    int64_t sum = 0;
    for (int i = 0; i < 100; ++i) {
      const absl::StatusOr<Number> each = co_await callee.Ask(Num(i));
      if (!each.ok()) co_return each.status();
      sum += each->value();
    }
    co_return Num(sum);
  });
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->value(), 9900);
}

TEST_P(AskTest, StartedCallsRunAtOnceAndAllGathersThem) {
  const Probe::Ref callee = Spawn(last(), Doubles());
  const absl::StatusOr<Number> reply = InActor([callee](Context&, const Number&) -> Reply<Number> {
    Pending<Number> early = callee.Ask(Num(1)).Start();
    const std::tuple<absl::StatusOr<Number>, absl::StatusOr<Number>> both =
        co_await All(callee.Ask(Num(10)), callee.Mix(Num(100)));
    const absl::StatusOr<Number> one = co_await early;
    co_return Num(one->value() + std::get<0>(both)->value() + std::get<1>(both)->value());
  });
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->value(), 222);
}

TEST_P(AskTest, NothingIsSentBeforeItIsAwaited) {
  Collected<int64_t> asked;
  const Probe::Ref callee =
      Spawn(last(), Script{.ask = [&](Context&, const Number& n) -> Reply<Number> {
              asked.Add(n.value());
              return n;
            }});
  ASSERT_TRUE(InActor([callee](Context&, const Number&) -> Reply<Number> {
                { Call<Number> dropped = callee.Ask(Num(1)); }
                co_return co_await callee.Ask(Num(2));
              }).ok());
  EXPECT_EQ(asked.Now(), std::vector<int64_t>{2});
}

TEST_P(AskTest, F57_ATimeoutIsMaybeExecutedAndCancelsTheCallee) {
  const Probe::Ref callee = Spawn(last(), deaf_.script());
  const absl::StatusOr<Number> reply = InActor([callee](Context&, const Number&) -> Reply<Number> {
    const absl::StatusOr<Number> late = co_await callee.Ask(Num(1)).Within(absl::Milliseconds(20));
    co_return Num(late.status().code() == absl::StatusCode::kDeadlineExceeded &&
                  CertaintyOf(late.status()) == Certainty::kMaybeExecuted);
  });
  EXPECT_EQ(reply->value(), 1);
  for (const absl::Status& status : deaf_.ended.Wait(2)) {
    EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  }
  EXPECT_TRUE(deaf_.was_cancelled.Wait(1)[0]);
  End();
}

TEST_P(AskTest, NoTimeAtAllIsNotSent) {
  const Probe::Ref callee = Spawn(last(), Doubles());
  ASSERT_TRUE(InActor([callee](Context&, const Number&) -> Reply<Number> {
                for (const absl::Duration timeout : {absl::ZeroDuration(), -absl::Seconds(1)}) {
                  const absl::StatusOr<Number> reply = co_await callee.Ask(Num(1)).Within(timeout);
                  EXPECT_EQ(reply.status().code(), absl::StatusCode::kDeadlineExceeded);
                  EXPECT_EQ(CertaintyOf(reply.status()), Certainty::kNotSent);
                }
                co_return Num(0);
              }).ok());
}

TEST_P(AskTest, WhatAHandlerAsksInheritsTheShorterDeadline) {
  const Probe::Ref innermost = Spawn(last(), deaf_.script());
  const Probe::Ref middle =
      Spawn(last(), Script{.ask = [&](Context& cx, const Number& n) -> Reply<Number> {
              EXPECT_LE(cx.Remaining(), absl::Milliseconds(30));
              co_return co_await innermost.Ask(n).Within(absl::Hours(1));
            }});
  const absl::StatusOr<Number> reply = middle.Ask(Num(1)).Within(absl::Milliseconds(30)).Wait();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(deaf_.ended.Wait(1)[0].code(), absl::StatusCode::kCancelled);
  End();
}

TEST_P(AskTest, DroppingTheAwaitCancelsTheCallee) {
  const Probe::Ref callee = Spawn(last(), deaf_.script());
  const Ref<ProbeActor> asker = Spawn(0, Script{});
  asker.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    Pending<Number> dropped = callee.Ask(Num(1)).Start();
    while (deaf_.began.Now().empty()) co_await cx.Sleep(absl::Microseconds(100));
    co_return absl::OkStatus();
  }});
  EXPECT_EQ(deaf_.ended.Wait(1)[0].code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(deaf_.was_cancelled.Wait(1)[0]);
  End();
}

TEST_P(AskTest, AnAskerThatStopsCancelsWhatItWaitsFor) {
  const Probe::Ref callee = Spawn(last(), deaf_.script());
  const Ref<ProbeActor> asker = Spawn(0, Script{});
  asker.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    const absl::StatusOr<Number> reply = co_await callee.Ask(Num(1));
    ADD_FAILURE() << "the frame was resumed";
    co_return reply.status();
  }});
  deaf_.began.Wait(1);
  system_->Stop(asker);
  EXPECT_EQ(deaf_.ended.Wait(1)[0].code(), absl::StatusCode::kCancelled);
  End();
}

TEST_P(AskTest, OneThatIsCancelledBeforeItBeginsIsNotBegun) {
  const Ref<ProbeActor> callee = Spawn(last(), deaf_.script());
  const Ref<ProbeActor> asker = Spawn(0, Script{});
  asker.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    Pending<Number> first = Probe::Ref(callee).Ask(Num(1)).Start();
    while (deaf_.began.Now().empty()) co_await cx.Sleep(absl::Microseconds(100));
    Pending<Number> second = Probe::Ref(callee).Ask(Num(2)).Start();
    co_await cx.Sleep(absl::Milliseconds(1));
    co_return absl::OkStatus();
  }});
  deaf_.ended.Wait(2);
  Settle(callee);
  EXPECT_EQ(deaf_.began.Now(), std::vector<int64_t>{1});
  EXPECT_EQ(system_->Counters().cancelled, 1u);
  End();
}

TEST_P(AskTest, AnEndedActorIsNotExecuted) {
  const Ref<ProbeActor> callee = Spawn(last(), Doubles());
  Perform(callee, [](ProbeActor&, Context& cx) { cx.Stop(); });
  const absl::StatusOr<Number> reply = InActor([callee](Context&, const Number&) -> Reply<Number> {
    co_return co_await Probe::Ref(callee).Ask(Num(1));
  });
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kUnavailable);
  const absl::StatusOr<Number> direct = Probe::Ref(callee).Ask(Num(1)).Wait();
  EXPECT_EQ(direct.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CertaintyOf(direct.status()), Certainty::kNotExecuted);
}

TEST_P(AskTest, OneUnderWayIsAbortedWhenTheCalleeStops) {
  const Ref<ProbeActor> callee = Spawn(last(), deaf_.script());
  Collected<absl::Status> outcome;
  const Ref<ProbeActor> asker = Spawn(0, Script{});
  asker.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    const auto both = co_await All(Probe::Ref(callee).Ask(Num(1)), Probe::Ref(callee).Ask(Num(2)));
    outcome.Add(std::get<0>(both).status());
    outcome.Add(std::get<1>(both).status());
    co_return absl::OkStatus();
  }});
  deaf_.began.Wait(1);
  system_->Stop(callee);
  const std::vector<absl::Status> outcomes = outcome.Wait(2);
  EXPECT_EQ(outcomes[0].code(), absl::StatusCode::kAborted);
  EXPECT_EQ(CertaintyOf(outcomes[0]), Certainty::kMaybeExecuted);
  EXPECT_EQ(outcomes[1].code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CertaintyOf(outcomes[1]), Certainty::kNotExecuted);
  End();
}

TEST_P(AskTest, AFullMailboxIsNotExecuted) {
  const Ref<ProbeActor> callee = system_->Spawn<ProbeActor>(
      {.mailbox = {.messages_max = 1}, .placement = {.shard = last()}}, deaf_.script());
  const absl::StatusOr<Number> reply =
      InActor([&, callee](Context& cx, const Number&) -> Reply<Number> {
        Pending<Number> running = Probe::Ref(callee).Ask(Num(1)).Start();
        while (deaf_.began.Now().empty()) co_await cx.Sleep(absl::Microseconds(100));
        Pending<Number> waiting = Probe::Ref(callee).Ask(Num(2)).Start();
        const absl::StatusOr<Number> refused = co_await Probe::Ref(callee).Ask(Num(3));
        EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
        EXPECT_EQ(CertaintyOf(refused.status()), Certainty::kNotExecuted);
        co_return Num(0);
      });
  EXPECT_TRUE(reply.ok()) << reply.status();
  deaf_.ended.Wait(2);
  End();
}

TEST_P(AskTest, ACycleIsRefusedAtOnceAndNamed) {
  Ref<ProbeActor> a;
  const Ref<ProbeActor> b =
      Spawn(last(), Script{.ask = [&](Context&, const Number& n) -> Reply<Number> {
              co_return co_await Probe::Ref(a).Ask(n);
            }});
  a = system_->Spawn<ProbeActor>(
      {.name = "the first", .placement = {.shard = 0}},
      Script{.ask = [&, b](Context&, const Number& n) -> Reply<Number> {
        const absl::StatusOr<Number> reply = co_await Probe::Ref(b).Ask(n);
        // B was executed, although what it asked was not.
        EXPECT_EQ(CertaintyOf(reply.status()), Certainty::kMaybeExecuted);
        co_return reply;
      }});
  const absl::StatusOr<Number> reply = Probe::Ref(a).Ask(Num(1)).Wait();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(reply.status().message().find("the first"), std::string::npos) << reply.status();
  EXPECT_EQ(system_->Counters().cycles, 1u);
}

TEST_P(AskTest, AnActorThatAsksItselfIsACycleUnlessItInterleaves) {
  const absl::StatusOr<Number> reply = InActor([](Context& cx, const Number&) -> Reply<Number> {
    const absl::StatusOr<Number> self = co_await Probe::Ref(cx.self()).Ask(Num(1));
    EXPECT_EQ(CertaintyOf(self.status()), Certainty::kNotExecuted);
    co_return self;
  });
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kFailedPrecondition);
  const Probe::Ref mixer = Spawn(
      last(), Script{.mix = [](Context& cx, const Number& n) -> Reply<Number> {
        if (n.value() == 0) co_return Num(0);
        const absl::StatusOr<Number> rest = co_await Probe::Ref(cx.self()).Mix(Num(n.value() - 1));
        if (!rest.ok()) co_return rest.status();
        co_return Num(rest->value() + n.value());
      }});
  EXPECT_EQ(mixer.Mix(Num(10)).Wait()->value(), 55);
  // A chain of requests is at most call_chain_depth_max long.
  EXPECT_EQ(mixer.Mix(Num(40)).Wait().status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_P(AskTest, ADeepChainReachesTheLimitOnlyThere) {
  const Probe::Ref end = Spawn(last(), Doubles());
  Probe::Ref next = end;
  for (int i = 0; i < 25; ++i) {
    next = Spawn(i % GetParam(), Script{.ask = [next](Context&, const Number& n) -> Reply<Number> {
                   co_return co_await next.Ask(n);
                 }});
  }
  EXPECT_EQ(next.Ask(Num(4)).Wait()->value(), 8);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wreturn-type"
Reply<Number> FallsOffItsEnd(Context& cx, const Number& n) {
  co_await cx.Sleep(absl::ZeroDuration());
  if (n.value() != 0) co_return n;
}
#pragma GCC diagnostic pop

TEST_P(AskTest, ACoroutineThatFallsOffItsEndIsInternal) {
  const absl::StatusOr<Number> reply = InActor(&FallsOffItsEnd);
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kInternal);
}

TEST_P(AskTest, F57_ManyThatWereGivenUpLeaveNothingBehind) {
  constexpr int kMany = 1000;
  const Ref<ProbeActor> callee = Spawn(last(), Doubles());
  const Ref<ProbeActor> asker = Spawn(0, Script{});
  Perform(asker, [&](ProbeActor&, Context&) {
    for (int i = 0; i < kMany; ++i) {
      Pending<Number> dropped = Probe::Ref(callee).Mix(Num(i)).Start();
    }
  });
  Settle(callee);
  Perform(asker, [&](ProbeActor&, Context&) {
    EXPECT_EQ(internal::Shard::Current()->running().cell->asks(), 0u);
    EXPECT_EQ(internal::Shard::Current()->loop().timers().armed_count(), 0u);
  });
}

TEST_P(AskTest, F57_AReplyAfterTheOutcomeIsDroppedAndCounted) {
  const std::unique_ptr<Event> began = system_->runtime().platform().MakeEvent();
  const std::unique_ptr<Event> given_up = system_->runtime().platform().MakeEvent();
  const Ref<ProbeActor> callee =
      Spawn(last(), Script{.ask = [&](Context&, const Number& n) -> Reply<Number> {
              began->Notify();
              // On one shard the asker can do nothing meanwhile.
              if (GetParam() == 2) given_up->WaitUntil(Instant::Infinite());
              return n;
            }});
  const Ref<ProbeActor> asker = Spawn(0, Script{});
  asker.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    {
      Pending<Number> dropped = Probe::Ref(callee).Ask(Num(1)).Start();
      if (GetParam() == 2) {
        co_await cx.Sleep(absl::Microseconds(1));
        began->WaitUntil(Instant::Infinite());
      }
    }
    given_up->Notify();
    co_return absl::OkStatus();
  }});
  Settle(asker);
  Settle(callee);
  Settle(asker);
  const ShardCounters counters = system_->Counters();
  EXPECT_EQ(counters.late_replies + counters.cancelled, 1u);
}

TEST_P(AskTest, F57_TheTimerGoesWithTheReply) {
  const Probe::Ref callee = Spawn(last(), Doubles());
  const absl::StatusOr<Number> reply = InActor([callee](Context&, const Number&) -> Reply<Number> {
    internal::Shard& shard = *internal::Shard::Current();
    const size_t armed = shard.loop().timers().armed_count();
    const absl::StatusOr<Number> answer = co_await callee.Ask(Num(1)).Within(absl::Hours(1));
    EXPECT_EQ(shard.running().cell->asks(), 0u);
    EXPECT_EQ(shard.loop().timers().armed_count(), armed);
    co_return answer;
  });
  EXPECT_TRUE(reply.ok()) << reply.status();
}

TEST_P(AskTest, AnyThreadMayWait) {
  const Probe::Ref callee = Spawn(last(), Doubles());
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) sum += callee.Ask(Num(i)).Wait()->value();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum, 3 * 2450);
}

INSTANTIATE_TEST_SUITE_P(Shards, AskTest, testing::Values(1, 2));

TEST(AskDeadlineTest, AnExpiredRequestIsDroppedBeforeItsHandlerAndCounted) {
  Deaf deaf;
  Collected<absl::Status> outcome;
  const auto system = StartSystem(2);
  const Ref<ProbeActor> callee = system->Spawn<ProbeActor>(OnShard(1), deaf.script());
  const Ref<ProbeActor> asker = system->Spawn<ProbeActor>(OnShard(0), Script{});
  const std::unique_ptr<Event> entered = system->runtime().platform().MakeEvent();
  const std::unique_ptr<Event> open = system->runtime().platform().MakeEvent();
  callee.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    entered->Notify();
    open->WaitUntil(Instant::Infinite());
    return absl::OkStatus();
  }});
  entered->WaitUntil(Instant::Infinite());
  asker.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    const absl::StatusOr<Number> reply =
        co_await Probe::Ref(callee).Ask(Num(1)).Within(absl::Milliseconds(2));
    outcome.Add(reply.status());
    co_return absl::OkStatus();
  }});
  EXPECT_EQ(outcome.Wait(1)[0].code(), absl::StatusCode::kDeadlineExceeded);
  open->Notify();
  Settle(asker);
  Settle(callee);
  Settle(callee);
  EXPECT_TRUE(deaf.began.Now().empty());
  const ShardCounters counters = system->Counters();
  EXPECT_EQ(counters.expired + counters.cancelled, 1u);
}

TEST(AskLimitsTest, AnActorHasSoManyRequestsPending) {
  Deaf deaf;
  const auto system = StartSystem(1, {.asks_per_actor_max = 3});
  const Probe::Ref callee = system->Spawn<ProbeActor>({}, deaf.script());
  const Probe::Ref asker = system->Spawn<ProbeActor>(
      {}, Script{.ask = [callee](Context&, const Number&) -> Reply<Number> {
        std::vector<Pending<Number>> pending;
        for (int i = 0; i < 3; ++i) pending.push_back(callee.Mix(Num(i)).Start());
        const absl::StatusOr<Number> refused = co_await callee.Mix(Num(3));
        EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
        EXPECT_EQ(CertaintyOf(refused.status()), Certainty::kNotSent);
        pending.pop_back();
        Pending<Number> again = callee.Mix(Num(4)).Start();
        EXPECT_FALSE(again.done());
        co_return Num(0);
      }});
  EXPECT_TRUE(asker.Ask(Num(0)).Wait().ok());
}

TEST(AskDeathTest, WaitOnAShardIsACheck) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        const auto system = StartSystem(1);
        const Ref<ProbeActor> actor = system->Spawn<ProbeActor>({}, Doubles());
        Perform(actor, [](ProbeActor&, Context& cx) {
          Probe::Ref(cx.self()).Ask(Num(1)).Wait().IgnoreError();
        });
      },
      "would block a shard");
}

TEST(AskLifetimeTest, AConstructorMayStartARequest) {
  Collected<int64_t> got;
  const auto system = StartSystem(1);
  class Starter final : public Actor {
   public:
    explicit Starter(Probe::Ref peer) : pending_(peer.Ask(Num(3)).Start()) {}
    Reply<void> On(Context&, Collected<int64_t>* got) {
      const absl::StatusOr<Number> reply = co_await pending_;
      got->Add(reply->value());
      co_return absl::OkStatus();
    }

   private:
    Pending<Number> pending_;
  };
  const Ref<ProbeActor> peer = system->Spawn<ProbeActor>({}, Doubles());
  const Ref<Starter> starter = system->Spawn<Starter>({}, Probe::Ref(peer));
  starter.Send(&got);
  EXPECT_EQ(got.Wait(1)[0], 6);
}

TEST(AskLifetimeTest, ADestructorMayStartARequest) {
  Collected<Down> downs;
  const auto system = StartSystem(1);
  class Starter final : public Actor {
   public:
    explicit Starter(Probe::Ref peer) : peer_(peer) {}
    ~Starter() override { const Pending<Number> dropped = peer_.Ask(Num(3)).Start(); }

   private:
    const Probe::Ref peer_;
  };
  const Ref<ProbeActor> peer = system->Spawn<ProbeActor>({}, Doubles());
  const Ref<ProbeActor> watcher = system->Spawn<ProbeActor>(
      {}, Script{.down = [&](Context&, const Down& down) { downs.Add(down); }});
  const Ref<Starter> starter = system->Spawn<Starter>({}, Probe::Ref(peer));
  Perform(watcher, [&](ProbeActor& self, Context& cx) {
    cx.Monitor(&self, starter);
    cx.Stop(starter);
  });
  EXPECT_EQ(downs.Wait(1)[0].reason, StopReason::kStopped);
}

TEST(AskCycleTest, ARequestWhoseHandlerIsThroughClosesNoCycle) {
  Collected<absl::Status> outcome;
  std::unique_ptr<Pending<Number>> kept;
  const auto system = StartSystem(1);
  // `a` asks `b`, is through without awaiting it, and then waits for `c`; `b` asks `a` meanwhile.
  const Ref<ProbeActor> a = system->Spawn<ProbeActor>({}, Doubles());
  const auto pause = [](Context& cx, const Number& n) -> Reply<Number> {
    co_await cx.Sleep(absl::Milliseconds(n.value()));
    co_return n;
  };
  const Ref<ProbeActor> c = system->Spawn<ProbeActor>({}, Script{.ask = pause});
  const Ref<ProbeActor> b = system->Spawn<ProbeActor>(
      {}, Script{.ask = [&](Context& cx, const Number& n) -> Reply<Number> {
        co_await cx.Sleep(absl::Milliseconds(1));
        const absl::StatusOr<Number> reply = co_await Probe::Ref(a).Ask(n);
        outcome.Add(reply.status());
        co_return n;
      }});
  a.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    kept = std::make_unique<Pending<Number>>(Probe::Ref(b).Ask(Num(1)).Start());
    return absl::OkStatus();
  }});
  a.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    const absl::StatusOr<Number> reply = co_await Probe::Ref(c).Ask(Num(20));
    co_return reply.status();
  }});
  EXPECT_EQ(outcome.Wait(1)[0], absl::OkStatus());
  Perform(a, [&](ProbeActor&, Context&) { kept.reset(); });
}

}  // namespace
}  // namespace troupe::test
