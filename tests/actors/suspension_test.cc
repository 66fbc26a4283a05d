#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

// Answers with the number, plus one, after as many milliseconds.
Script Slow() {
  return {.ask = [](Context& cx, const Number& n) -> Reply<Number> {
            co_await cx.Sleep(absl::Milliseconds(n.value()));
            co_return Num(n.value() + 1);
          },
          .mix = [](Context& cx, const Number& n) -> Reply<Number> {
            co_await cx.Sleep(absl::Milliseconds(n.value()));
            co_return Num(n.value() + 1);
          }};
}

Reply<int64_t> AskFor(Probe::Ref peer, int64_t value) {
  absl::StatusOr<Number> reply = co_await peer.Mix(Num(value));
  if (!reply.ok()) co_return reply.status();
  co_return reply->value();
}

class SuspensionTest : public testing::TestWithParam<int> {
 protected:
  SuspensionTest() : system_(StartSystem(GetParam())) {}
  // Before what the actors' scripts refer to goes.
  void End() { system_.reset(); }
  int last() const { return GetParam() - 1; }
  std::unique_ptr<System> system_;
};

TEST_P(SuspensionTest, HelpersThatRunAtOnceEachGetTheirOwnOutcome) {
  Ref<ProbeActor> slow = system_->Spawn<ProbeActor>(OnShard(last()), Slow());
  Ref<ProbeActor> asker = system_->Spawn<ProbeActor>(
      OnShard(0), Script{.ask = [slow](Context&, const Number&) -> Reply<Number> {
        Reply<int64_t> late = AskFor(slow, 20);
        Reply<int64_t> early = AskFor(slow, 1);
        Reply<int64_t> middle = AskFor(slow, 10);
        const absl::StatusOr<int64_t> a = co_await late;
        const absl::StatusOr<int64_t> b = co_await early;
        const absl::StatusOr<int64_t> c = co_await middle;
        co_return Num(*a * 10000 + *b * 100 + *c);
      }});
  absl::StatusOr<Number> reply = Probe::Ref(asker).Ask(Num(0)).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->value(), 210211);
}

TEST_P(SuspensionTest, AHelperMayBeDroppedWhileItWaits) {
  Ref<ProbeActor> slow = system_->Spawn<ProbeActor>(OnShard(last()), Slow());
  Ref<ProbeActor> asker = system_->Spawn<ProbeActor>(
      OnShard(0), Script{.ask = [slow](Context&, const Number&) -> Reply<Number> {
        {
          Reply<int64_t> dropped = AskFor(slow, 100000);
          EXPECT_FALSE(dropped.done());
        }
        Reply<int64_t> dropped_later = AskFor(slow, 100000);
        const absl::StatusOr<int64_t> kept = co_await AskFor(slow, 1);
        co_return Num(*kept);
      }});
  absl::StatusOr<Number> reply = Probe::Ref(asker).Ask(Num(0)).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->value(), 2);
}

TEST_P(SuspensionTest, OneHandlerAtATimeUnlessItInterleaves) {
  Collected<std::string> story;
  const std::unique_ptr<Event> open = system_->runtime().platform().MakeEvent();
  std::atomic<bool> go{false};
  const auto tell = [&](const char* what, Context& cx, const Number& n) -> Reply<Number> {
    story.Add(absl::StrCat(what, n.value(), " begins"));
    while (!go) co_await cx.Sleep(absl::Microseconds(100));
    story.Add(absl::StrCat(what, n.value(), " ends"));
    co_return n;
  };
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      OnShard(last()),
      Script{.ask = [&](Context& cx, const Number& n) { return tell("ask ", cx, n); },
             .mix = [&](Context& cx, const Number& n) { return tell("mix ", cx, n); }});
  const Ref<ProbeActor> asker = system_->Spawn<ProbeActor>(
      OnShard(0), Script{.ask = [&, actor](Context&, const Number&) -> Reply<Number> {
        Pending<Number> mixed_1 = Probe::Ref(actor).Mix(Num(1)).Start();
        Pending<Number> mixed_2 = Probe::Ref(actor).Mix(Num(2)).Start();
        Pending<Number> asked_1 = Probe::Ref(actor).Ask(Num(1)).Start();
        Pending<Number> asked_2 = Probe::Ref(actor).Ask(Num(2)).Start();
        (co_await mixed_1).IgnoreError();
        (co_await mixed_2).IgnoreError();
        (co_await asked_1).IgnoreError();
        co_return co_await asked_2;
      }});
  std::thread waiter([&] { EXPECT_TRUE(Probe::Ref(asker).Ask(Num(0)).Wait().ok()); });
  EXPECT_EQ(story.Wait(3),
            (std::vector<std::string>{"mix 1 begins", "mix 2 begins", "ask 1 begins"}));
  go = true;
  waiter.join();
  const std::vector<std::string> told = story.Now();
  const auto at = [&](const char* what) {
    return std::find(told.begin(), told.end(), what) - told.begin();
  };
  EXPECT_LT(at("ask 1 ends"), at("ask 2 begins"));
  End();
}

TEST_P(SuspensionTest, RequestAndContextAreThereAfterASuspension) {
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      OnShard(last()), Script{.ask = [](Context& cx, const Number& n) -> Reply<Number> {
        const AnyRef self = cx.self();
        for (int i = 0; i < 20; ++i) {
          co_await cx.Sleep(absl::Microseconds(10));
          EXPECT_EQ(cx.self(), self);
          EXPECT_EQ(n.padding(), std::string(500, 'p'));
          EXPECT_LE(cx.Remaining(), absl::Seconds(5));
        }
        co_return n;
      }});
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        Number request = Num(i);
        request.set_padding(std::string(500, 'p'));
        EXPECT_EQ(Probe::Ref(actor).Ask(request).Wait()->value(), i);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST_P(SuspensionTest, AStopGetsThroughToASuspendedActor) {
  Collected<int> stopped;
  const std::unique_ptr<Event> began = system_->runtime().platform().MakeEvent();
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      OnShard(last()), Script{.stop = [&](Context&, StopReason) -> Reply<void> {
        stopped.Add(1);
        return absl::OkStatus();
      }});
  actor.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    began->Notify();
    co_await cx.Sleep(absl::Hours(1));
    ADD_FAILURE() << "resumed";
    co_return absl::OkStatus();
  }});
  began->WaitUntil(Instant::Infinite());
  system_->Stop(actor);
  stopped.Wait(1);
  End();
}

TEST_P(SuspensionTest, ExceptionsGoThroughAwaits) {
  struct Helpers {
    static Reply<int64_t> Throw(Context& cx) {
      co_await cx.Sleep(absl::Microseconds(10));
      throw std::runtime_error("from below");
    }
    static Reply<int64_t> Pass(Context& cx) { co_return co_await Throw(cx); }
  };
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      OnShard(last()), Script{.ask = [](Context& cx, const Number&) -> Reply<Number> {
        int64_t caught = 0;
        try {
          (co_await Helpers::Pass(cx)).IgnoreError();
        } catch (const std::runtime_error&) {
          caught = 1;
        }
        co_return Num(caught);
      }});
  EXPECT_EQ(Probe::Ref(actor).Ask(Num(0)).Wait()->value(), 1);
}

TEST_P(SuspensionTest, OnStartAndOnStopMayWait) {
  Collected<std::string> story;
  const Ref<ProbeActor> slow = system_->Spawn<ProbeActor>(OnShard(0), Slow());
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      OnShard(last()),
      Script{.start = [&, slow](ProbeActor&, Context& cx) -> Reply<void> {
               co_await cx.Sleep(absl::Milliseconds(1));
               const absl::StatusOr<Number> reply = co_await Probe::Ref(slow).Ask(Num(1));
               story.Add(reply.ok() ? "started" : "no reply");
               co_return absl::OkStatus();
             },
             .stop = [&, slow](Context&, StopReason) -> Reply<void> {
               const absl::StatusOr<Number> reply = co_await Probe::Ref(slow).Ask(Num(1));
               story.Add(reply.ok() ? "stopped" : "no reply");
               co_return absl::OkStatus();
             },
             .tick = [&](Context&, const Tick&) { story.Add("tick"); }});
  actor.Send(Tick{});
  story.Wait(2);
  system_->Stop(actor);
  EXPECT_EQ(story.Wait(3), (std::vector<std::string>{"started", "tick", "stopped"}));
  End();
}

TEST_P(SuspensionTest, ManyReadyHandlersOfOneActorShareTheirTurns) {
  constexpr int kMany = 3000;
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      {.mailbox = {.messages_max = 2 * kMany}, .placement = {.shard = last()}}, Slow());
  const Ref<ProbeActor> asker = system_->Spawn<ProbeActor>(
      OnShard(0), Script{.ask = [actor](Context&, const Number&) -> Reply<Number> {
        std::vector<Pending<Number>> pending;
        for (int i = 0; i < kMany; ++i) pending.push_back(Probe::Ref(actor).Mix(Num(1)).Start());
        int64_t sum = 0;
        for (Pending<Number>& each : pending) {
          const absl::StatusOr<Number> reply = co_await each;
          sum += reply->value();
        }
        co_return Num(sum);
      }});
  EXPECT_EQ(Probe::Ref(asker).Ask(Num(0)).Wait()->value(), 2 * kMany);
}

INSTANTIATE_TEST_SUITE_P(Shards, SuspensionTest, testing::Values(1, 2));

TEST(OwnStopTest, AHandlerThatStopsItsActorIsThroughFirstHoweverOftenItWaits) {
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
      {}, Script{.ask = [](Context& cx, const Number& n) -> Reply<Number> {
        cx.Stop();
        co_await cx.Sleep(absl::Milliseconds(1));
        EXPECT_FALSE(cx.cancelled());
        co_await cx.Sleep(absl::Milliseconds(1));
        co_return Num(n.value() + 1);
      }});
  const absl::StatusOr<Number> reply = Probe::Ref(actor).Ask(Num(1)).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->value(), 2);
  EXPECT_EQ(Probe::Ref(actor).Ask(Num(1)).Wait().status().code(), absl::StatusCode::kUnavailable);
}

TEST(OwnStopTest, ItIsTheSameByTheActorsOwnHandle) {
  const auto system = StartSystem(1);
  for (const bool through_system : {false, true}) {
    const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
        {}, Script{.ask = [&](Context& cx, const Number& n) -> Reply<Number> {
          co_await cx.Sleep(absl::Milliseconds(1));
          const SendResult stopped = through_system ? system->Stop(cx.self()) : cx.Stop(cx.self());
          EXPECT_EQ(stopped, SendResult::kAccepted);
          co_await cx.Sleep(absl::Milliseconds(1));
          co_return n;
        }});
    const absl::StatusOr<Number> reply = Probe::Ref(actor).Ask(Num(1)).Wait();
    EXPECT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(Probe::Ref(actor).Ask(Num(1)).Wait().status().code(), absl::StatusCode::kUnavailable);
  }
}

TEST(OwnStopTest, AStopFromElsewhereGetsThroughAtOnce) {
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
      {}, Script{.ask = [](Context& cx, const Number& n) -> Reply<Number> {
        cx.Stop();
        co_await cx.Sleep(absl::Hours(1));
        co_return n;
      }});
  const Ref<ProbeActor> other = system->Spawn<ProbeActor>({}, Script{});
  other.Send(Do{[actor](ProbeActor&, Context& cx) -> Reply<void> {
    co_await cx.Sleep(absl::Milliseconds(1));
    cx.Stop(actor);
    co_return absl::OkStatus();
  }});
  const absl::Status outcome = Probe::Ref(actor).Ask(Num(1)).Wait().status();
  EXPECT_FALSE(outcome.ok());
  EXPECT_NE(outcome.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(OwnStopTest, AStartThatStopsItsActorIsThroughFirst) {
  Collected<std::string> story;
  const auto system = StartSystem(1);
  system->Spawn<ProbeActor>({}, Script{.start = [&](ProbeActor&, Context& cx) -> Reply<void> {
                                         cx.Stop();
                                         co_await cx.Sleep(absl::Milliseconds(1));
                                         story.Add("started");
                                         co_return absl::OkStatus();
                                       },
                                       .stop = [&](Context&, StopReason) -> Reply<void> {
                                         story.Add("stopped");
                                         return absl::OkStatus();
                                       }});
  EXPECT_EQ(story.Wait(2), (std::vector<std::string>{"started", "stopped"}));
}

}  // namespace
}  // namespace troupe::test
