// Replies that come after their request's outcome, in virtual time.

#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/call.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/loop/loop.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

// Answers a negative number at once, and others when nobody wants it any more.
Reply<Number> AnswerLate(Context& cx, const Number& number) {
  if (number.value() >= 0) co_await cx.Sleep(absl::Hours(1));
  co_return number;
}

class LateReplyTest : public testing::TestWithParam<int> {
 protected:
  LateReplyTest()
      : system_(*System::Start({.shards = GetParam(), .platform = &simulation_.AddNode("node")})),
        callee_(system_->Spawn<ProbeActor>(OnShard(GetParam() - 1), Script{.mix = AnswerLate})) {}
  // What `body` comes to as a handler of an actor on the first shard.
  absl::StatusOr<Number> InActor(std::function<Reply<Number>(Context&, const Number&)> body) {
    return Probe::Ref(system_->Spawn<ProbeActor>(OnShard(0), Script{.ask = std::move(body)}))
        .Ask(Num(0))
        .Within(absl::Hours(10))
        .Wait();
  }

  TestSimulation simulation_;
  std::unique_ptr<System> system_;
  const Probe::Ref callee_;
};

TEST_P(LateReplyTest, F57_RepliesAfterTheTimeoutAreDroppedAndCounted) {
  const absl::StatusOr<Number> outcome =
      InActor([this](Context& cx, const Number&) -> Reply<Number> {
        Pending<Number> first = callee_.Mix(Num(1)).Within(absl::Milliseconds(10)).Start();
        Pending<Number> second = callee_.Mix(Num(2)).Within(absl::Milliseconds(10)).Start();
        const absl::StatusOr<Number> one = co_await first;
        const absl::StatusOr<Number> two = co_await second;
        EXPECT_EQ(one.status().code(), absl::StatusCode::kDeadlineExceeded);
        EXPECT_EQ(two.status().code(), absl::StatusCode::kDeadlineExceeded);
        co_await cx.Sleep(absl::Milliseconds(10));
        // What is asked next, in the same places, is not mistaken for them.
        co_return co_await callee_.Mix(Num(-3));
      });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->value(), -3);
  EXPECT_EQ(system_->Counters().late_replies, 2u);
}

TEST_P(LateReplyTest, F57_AReplyAfterTheAskersRestartReachesNoLife) {
  bool resumed = false;
  const Ref<ProbeActor> asker = system_->Spawn<ProbeActor>(
      {.restart = {.backoff_min = absl::Microseconds(1), .backoff_max = absl::Microseconds(1)},
       .placement = {.shard = 0}},
      Script{.ask = [this](Context&, const Number& n) -> Reply<Number> {
               co_return co_await callee_.Mix(n);
             },
             .mix = [&](Context&, const Number& n) -> Reply<Number> {
               const absl::StatusOr<Number> reply = co_await callee_.Mix(n);
               resumed = true;
               co_return reply;
             },
             .tick = [](Context&, const Tick&) { throw std::runtime_error("tick"); }});
  absl::Status aborted;
  system_->Spawn<ProbeActor>(OnShard(0), Script{.start = [&](ProbeActor&, Context&) -> Reply<void> {
                               const absl::StatusOr<Number> reply =
                                   co_await Probe::Ref(asker).Mix(Num(1));
                               aborted = reply.status();
                               co_return absl::OkStatus();
                             }});
  simulation_.RunFor(absl::Milliseconds(10));
  asker.Send(Tick{});
  const absl::StatusOr<Number> reply = Probe::Ref(asker).Ask(Num(-2)).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->value(), -2);
  simulation_.RunFor(absl::Milliseconds(10));
  EXPECT_EQ(aborted.code(), absl::StatusCode::kAborted);
  EXPECT_FALSE(resumed);
  const ShardCounters counters = system_->Counters();
  EXPECT_EQ(counters.restarts, 1u);
  EXPECT_EQ(counters.late_replies, 1u);
}

TEST_P(LateReplyTest, F57_AHundredThousandTimeoutsLeaveNothingBehind) {
  constexpr size_t kRounds = 100;
  constexpr int kEach = 1000;
  std::vector<size_t> slabs;
  const absl::StatusOr<Number> outcome = InActor([&](Context&, const Number&) -> Reply<Number> {
    internal::Shard& shard = *internal::Shard::Current();
    const size_t armed = shard.loop().timers().armed_count();
    for (size_t round = 0; round < kRounds; ++round) {
      std::vector<Pending<Number>> pending;
      for (int i = 0; i < kEach; ++i) {
        pending.push_back(callee_.Mix(Num(i)).Within(absl::Milliseconds(1)).Start());
      }
      for (Pending<Number>& each : pending) {
        const absl::StatusOr<Number> reply = co_await each;
        EXPECT_EQ(reply.status().code(), absl::StatusCode::kDeadlineExceeded);
      }
      // It answers behind the cancellations.
      const absl::StatusOr<Number> settled = co_await callee_.Mix(Num(-1));
      EXPECT_TRUE(settled.ok()) << settled.status();
      EXPECT_EQ(shard.running().cell->asks(), 0u);
      slabs.push_back(shard.envelopes().slab_count());
    }
    EXPECT_EQ(shard.loop().timers().armed_count(), armed);
    co_return Num(0);
  });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  // What the first rounds needed is enough for all.
  EXPECT_EQ(slabs.back(), slabs[kRounds / 10]);
  const ShardCounters counters = system_->Counters();
  EXPECT_EQ(counters.late_replies + counters.cancelled + counters.expired, kRounds * kEach);
}

INSTANTIATE_TEST_SUITE_P(Shards, LateReplyTest, testing::Values(1, 2));

}  // namespace
}  // namespace troupe::test
