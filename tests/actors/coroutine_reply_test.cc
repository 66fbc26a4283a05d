// Replies as values: awaited by helpers that are dropped, awaited twice, moved and destroyed while
// somebody waits, passed by value, and kept beyond the handler that began them.

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/call.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stream.h"
#include "troupe/tests/actors/in_a_child.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

using Handler = std::function<Reply<Number>(Context&, const Number&)>;

Reply<void> SleepFor(Context& cx, int ms) {
  const Alive alive;
  const Slept slept = co_await cx.Sleep(absl::Milliseconds(ms));
  co_return absl::Status(slept);
}

Reply<Number> NumberAfter(Context& cx, int ms) {
  const Alive alive;
  co_await cx.Sleep(absl::Milliseconds(ms));
  co_return Num(ms);
}

template <typename T>
Reply<T> WaitFor(Reply<T>& other) {
  const Alive alive;
  internal::Outcome<T> outcome = co_await other;
  co_return outcome;
}

bool IsError(const absl::Status& status) {
  return status.code() == absl::StatusCode::kFailedPrecondition ||
         status.code() == absl::StatusCode::kInternal;
}

// Expects `handler` to end well in an actor, which leaves nothing behind.
void Expect(const Handler& handler) {
  RunInAChild([&] {
    Stage stage(1);
    const absl::StatusOr<Number> outcome = stage.Run(handler);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(Alive::count(), 0) << "coroutines that outlived their handler";
    stage.ExpectServed();
    stage.End();
  });
}

TEST(ReplyAwaitTest, F112_ADroppedHelperIsNotResumedByWhatItAwaited) {
  Expect([](Context& cx, const Number& n) -> Reply<Number> {
    Reply<void> slow = SleepFor(cx, 20);
    {
      const Reply<void> waiting = WaitFor(slow);
      co_await cx.Sleep(absl::Milliseconds(1));
    }
    co_await cx.Sleep(absl::Milliseconds(60));
    EXPECT_TRUE(slow.done());
    EXPECT_EQ(co_await slow, absl::OkStatus());
    co_return n;
  });
}

TEST(ReplyAwaitTest, F112_AfterADroppedHelperAnotherMayAwait) {
  Expect([](Context& cx, const Number& n) -> Reply<Number> {
    Reply<Number> slow = NumberAfter(cx, 20);
    {
      const Reply<Number> waiting = WaitFor(slow);
      co_await cx.Sleep(absl::Milliseconds(1));
    }
    const absl::StatusOr<Number> outcome = co_await slow;
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (outcome.ok()) EXPECT_EQ(outcome->value(), 20);
    co_return n;
  });
}

TEST(ReplyAwaitTest, F112_TheSecondOfTwoThatAwaitGetsAnError) {
  Expect([](Context& cx, const Number& n) -> Reply<Number> {
    Reply<Number> slow = NumberAfter(cx, 20);
    Reply<Number> first = WaitFor(slow);
    Reply<Number> second = WaitFor(slow);
    const absl::StatusOr<Number> two = co_await second;
    EXPECT_TRUE(IsError(two.status())) << two.status();
    const absl::StatusOr<Number> one = co_await first;
    EXPECT_TRUE(one.ok()) << one.status();
    if (one.ok()) EXPECT_EQ(one->value(), 20);
    co_return n;
  });
}

TEST(ReplyAwaitTest, F112_AnOutcomeIsGivenOnce) {
  Expect([](Context& cx, const Number& n) -> Reply<Number> {
    Reply<Number> number = NumberAfter(cx, 1);
    Reply<void> nothing = SleepFor(cx, 1);
    EXPECT_TRUE((co_await number).ok());
    EXPECT_TRUE((co_await nothing).ok());
    const absl::StatusOr<Number> again = co_await number;
    EXPECT_TRUE(IsError(again.status())) << again.status();
    const absl::Status nothing_again = co_await nothing;
    EXPECT_TRUE(IsError(nothing_again)) << nothing_again;
    co_return n;
  });
}

// One that has its outcome from the start has it once too.
TEST(ReplyAwaitTest, F112_AnImmediateOutcomeIsGivenOnce) {
  Expect([](Context&, const Number& n) -> Reply<Number> {
    Reply<Number> number = Num(1);
    EXPECT_TRUE((co_await number).ok());
    const absl::StatusOr<Number> again = co_await number;
    EXPECT_TRUE(IsError(again.status())) << again.status();
    co_return n;
  });
}

TEST(ReplyAwaitTest, F112_MovedWhileAwaitedItStillReachesWhoeverAwaits) {
  Expect([](Context& cx, const Number& n) -> Reply<Number> {
    Reply<Number> slow = NumberAfter(cx, 20);
    Reply<Number> waiting = WaitFor(slow);
    Reply<Number> moved = std::move(slow);
    const absl::StatusOr<Number> outcome = co_await waiting;
    EXPECT_TRUE(outcome.ok() || absl::IsCancelled(outcome.status())) << outcome.status();
    EXPECT_TRUE(moved.done() || absl::IsCancelled(outcome.status()));
    co_await cx.Sleep(absl::Milliseconds(60));
    EXPECT_TRUE(moved.done());
    co_return n;
  });
}

TEST(ReplyAwaitTest, F112_DestroyedWhileAwaitedItsAwaiterIsCancelled) {
  Expect([](Context& cx, const Number& n) -> Reply<Number> {
    std::optional<Reply<Number>> slow = NumberAfter(cx, 20);
    Reply<Number> waiting = WaitFor(*slow);
    co_await cx.Sleep(absl::Milliseconds(1));
    slow.reset();
    EXPECT_FALSE(waiting.done()) << "resumed inside of a destructor";
    const absl::StatusOr<Number> outcome = co_await waiting;
    EXPECT_TRUE(absl::IsCancelled(outcome.status())) << outcome.status();
    co_return n;
  });
}

TEST(ReplyAwaitTest, F112_AssignedOverWhileAwaitedItsAwaiterIsCancelled) {
  Expect([](Context& cx, const Number& n) -> Reply<Number> {
    Reply<void> slow = SleepFor(cx, 20);
    Reply<void> waiting = WaitFor(slow);
    slow = SleepFor(cx, 5);
    const absl::Status outcome = co_await waiting;
    EXPECT_TRUE(absl::IsCancelled(outcome)) << outcome;
    EXPECT_EQ(co_await slow, absl::OkStatus());
    co_return n;
  });
}

TEST(ReplyAwaitTest, F112_AChainOfAwaitersIsCancelledFromItsInnermost) {
  Expect([](Context& cx, const Number& n) -> Reply<Number> {
    std::optional<Reply<void>> slow = SleepFor(cx, 20);
    Reply<void> one = WaitFor(*slow);
    Reply<void> two = WaitFor(one);
    Reply<void> three = WaitFor(two);
    slow.reset();
    const absl::Status outcome = co_await three;
    EXPECT_TRUE(absl::IsCancelled(outcome)) << outcome;
    co_return n;
  });
}

// What the innermost of a tree of helpers waits for.
enum class Inner { kSleep, kOffload, kRequest, kPending, kStream };

Reply<void> Innermost(Context& cx, Inner inner, Probe::Ref peer) {
  const Alive alive;
  if (inner == Inner::kSleep) co_await cx.Sleep(absl::Hours(1));
  if (inner == Inner::kOffload) (co_await cx.Offload([] {})).IgnoreError();
  if (inner == Inner::kRequest) (co_await peer.Mix(Num(1))).status().IgnoreError();
  if (inner == Inner::kPending) {
    Pending<Number> pending = peer.Mix(Num(1)).Start();
    (co_await pending).status().IgnoreError();
  }
  if (inner == Inner::kStream) {
    Stream<Number> stream = peer.Count(Num(1));
    (co_await stream.Next()).status().IgnoreError();
  }
  co_return absl::OkStatus();
}

Reply<void> Outer(Context& cx, Inner inner, Probe::Ref peer) {
  const Alive alive;
  Reply<void> beside = SleepFor(cx, 10000);
  const absl::Status first = co_await Innermost(cx, inner, peer);
  const absl::Status second = co_await beside;
  co_return first.ok() ? second : first;
}

Reply<void> ByValue(Context& cx, Reply<void> inner) {
  const Alive alive;
  co_await cx.Sleep(absl::Milliseconds(1));
  const absl::Status status = co_await inner;
  co_return status;
}

class DroppedTreeTest : public testing::TestWithParam<Inner> {};

// Drops one tree after it has waited, and another at once, as its handler ends.
void DropBoth(Inner inner, bool by_value) {
  RunInAChild([=] {
    Stage stage(2);
    const Probe::Ref peer(
        stage.Spawn(1, Script{.mix = [](Context& cx, const Number& n) -> Reply<Number> {
                                const Alive alive;
                                co_await cx.Sleep(absl::Hours(1));
                                co_return n;
                              },
                              .count = [](Context& cx, const Number&, Sink<Number>) -> Reply<void> {
                                const Alive alive;
                                co_await cx.Sleep(absl::Hours(1));
                                co_return absl::OkStatus();
                              }}));
    const absl::StatusOr<Number> outcome =
        stage.Run([=](Context& cx, const Number& n) -> Reply<Number> {
          const absl::Duration waits[] = {absl::Milliseconds(5), absl::ZeroDuration()};
          for (const absl::Duration wait : waits) {
            Reply<void> dropped =
                by_value ? ByValue(cx, Outer(cx, inner, peer)) : Outer(cx, inner, peer);
            if (wait > absl::ZeroDuration()) co_await cx.Sleep(wait);
          }
          co_return n;
        });
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    stage.RunFor(absl::Milliseconds(20));
    EXPECT_EQ(Alive::count(), 0) << "frames of a dropped tree that live on";
    stage.ExpectServed();
    stage.End();
  });
}

TEST_P(DroppedTreeTest, F114_ATreeMayBeDroppedWhileItsInnermostWaits) {
  DropBoth(GetParam(), /*by_value=*/false);
}

TEST_P(DroppedTreeTest, F114_SoMayOneThatOwnsItsTreeAsAParameter) {
  DropBoth(GetParam(), /*by_value=*/true);
}

INSTANTIATE_TEST_SUITE_P(Inner, DroppedTreeTest,
                         testing::Values(Inner::kSleep, Inner::kOffload, Inner::kRequest,
                                         Inner::kPending, Inner::kStream));

Reply<Number> LimitTime(Context& cx, Reply<Number> slow, int ms) {
  const Alive alive;
  co_await cx.Sleep(absl::Milliseconds(ms));
  if (!slow.done()) co_return absl::DeadlineExceededError("too slow");
  absl::StatusOr<Number> outcome = co_await slow;
  co_return outcome;
}

TEST(ReplyByValueTest, F114_ATimeLimitTakesTheReplyThatItLimits) {
  RunInAChild([] {
    Stage stage(1);
    const absl::StatusOr<Number> slow = stage.Run(
        [](Context& cx, const Number&) { return LimitTime(cx, NumberAfter(cx, 10000), 5); });
    EXPECT_TRUE(absl::IsDeadlineExceeded(slow.status())) << slow.status();
    const absl::StatusOr<Number> fast =
        stage.Run([](Context& cx, const Number&) { return LimitTime(cx, NumberAfter(cx, 1), 5); });
    EXPECT_TRUE(fast.ok()) << fast.status();
    EXPECT_EQ(Alive::count(), 0);
    stage.ExpectServed();
    stage.End();
  });
}

}  // namespace
}  // namespace troupe::test
