// Requests, streams and sinks that one coroutine awaits while another one drops, overwrites or
// awaits them too, and those that were moved from: each await has an outcome of its own.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

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
#include "troupe/actors/stream.h"
#include "troupe/base/limits.h"
#include "troupe/tests/actors/in_a_child.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

using absl::StatusCode;

Reply<Number> Outcome(Pending<Number>& pending) {
  const Alive alive;
  co_return co_await pending;
}
Reply<Number> FirstOf(Joined<Number, Number>& joined) {
  const Alive alive;
  const auto [first, second] = co_await joined;
  co_return first;
}
// The value of the next item; -1 at the end.
Reply<Number> Next(Stream<Number>& stream) {
  const Alive alive;
  const absl::StatusOr<std::optional<Number>> item = co_await stream.Next();
  if (!item.ok()) co_return item.status();
  co_return item->has_value() ? **item : Num(-1);
}

// `body` is a handler beside a peer that answers with what it is sent after a millisecond, and
// whose streams have an item each millisecond.
class SharedAwaitTest : public testing::TestWithParam<int> {
 protected:
  using Body = std::function<Reply<Number>(Context&, Probe::Ref)>;

  void Run(Body body) {
    RunInAChild([&] {
      Stage stage(2);
      const Probe::Ref peer(stage.Spawn(
          GetParam(),
          Script{.mix = [](Context& cx, const Number& n) -> Reply<Number> {
                   co_await cx.Sleep(absl::Milliseconds(1));
                   co_return n;
                 },
                 .count = [](Context& cx, const Number& n, Sink<Number> out) -> Reply<void> {
                   for (int64_t i = 0; i < n.value(); ++i) {
                     co_await cx.Sleep(absl::Milliseconds(1));
                     const absl::Status written = co_await out.Write(Num(i));
                     if (!written.ok()) co_return written;
                   }
                   co_return absl::OkStatus();
                 }}));
      const absl::StatusOr<Number> done =
          stage.Run([&](Context& cx, const Number&) { return body(cx, peer); });
      EXPECT_TRUE(done.ok()) << done.status();
      EXPECT_EQ(stage.system().Counters().failures, 0u);
      stage.ExpectServed();
      stage.End();
    });
  }
};

TEST_P(SharedAwaitTest, F112_ARequestDroppedWhileAnotherAwaitsIt) {
  Run([](Context&, Probe::Ref peer) -> Reply<Number> {
    std::optional<Pending<Number>> pending = peer.Mix(Num(1)).Start();
    Reply<Number> outcome = Outcome(*pending);
    EXPECT_FALSE(outcome.done());
    pending.reset();
    EXPECT_EQ((co_await outcome).status().code(), StatusCode::kCancelled);
    co_return Num(0);
  });
}

TEST_P(SharedAwaitTest, F112_ARequestOverwrittenWhileAnotherAwaitsIt) {
  Run([](Context&, Probe::Ref peer) -> Reply<Number> {
    Pending<Number> pending = peer.Mix(Num(1)).Start();
    Reply<Number> outcome = Outcome(pending);
    pending = peer.Mix(Num(2)).Start();
    EXPECT_EQ((co_await outcome).status().code(), StatusCode::kCancelled);
    const absl::StatusOr<Number> second = co_await pending;
    EXPECT_EQ(second.ok() ? second->value() : -1, 2) << second.status();
    co_return Num(0);
  });
}

TEST_P(SharedAwaitTest, F112_ARequestMovedWhileAnotherAwaitsIt) {
  Run([](Context&, Probe::Ref peer) -> Reply<Number> {
    Pending<Number> pending = peer.Mix(Num(1)).Start();
    Reply<Number> outcome = Outcome(pending);
    const Pending<Number> moved = std::move(pending);
    const absl::StatusOr<Number> first = co_await outcome;
    EXPECT_EQ(first.ok() ? first->value() : -1, 1) << first.status();
    EXPECT_TRUE(moved.done());
    co_return Num(0);
  });
}

TEST_P(SharedAwaitTest, F112_TheSecondThatAwaitsARequestFails) {
  Run([](Context&, Probe::Ref peer) -> Reply<Number> {
    Pending<Number> pending = peer.Mix(Num(1)).Start();
    Reply<Number> first = Outcome(pending);
    Reply<Number> second = Outcome(pending);
    EXPECT_EQ((co_await second).status().code(), StatusCode::kFailedPrecondition);
    const absl::StatusOr<Number> outcome = co_await first;
    EXPECT_EQ(outcome.ok() ? outcome->value() : -1, 1) << outcome.status();
    co_return Num(0);
  });
}

TEST_P(SharedAwaitTest, F112_ARequestAwaitedAgainFails) {
  Run([](Context&, Probe::Ref peer) -> Reply<Number> {
    Pending<Number> pending = peer.Mix(Num(1)).Start();
    EXPECT_TRUE((co_await pending).ok());
    EXPECT_TRUE(pending.done());
    EXPECT_EQ((co_await pending).status().code(), StatusCode::kFailedPrecondition);
    co_return Num(0);
  });
}

TEST_P(SharedAwaitTest, F112_AwaiterThatIsDroppedLeavesTheRequestToTheNext) {
  Run([](Context& cx, Probe::Ref peer) -> Reply<Number> {
    Pending<Number> pending = peer.Mix(Num(1)).Start();
    {
      std::optional<Reply<Number>> dropped = Outcome(pending);
      dropped.reset();
    }
    co_await cx.Sleep(absl::Milliseconds(10));
    const absl::StatusOr<Number> outcome = co_await pending;
    EXPECT_EQ(outcome.ok() ? outcome->value() : -1, 1) << outcome.status();
    co_return Num(0);
  });
}

TEST_P(SharedAwaitTest, F112_SeveralRequestsDroppedWhileAnotherAwaitsThem) {
  Run([](Context&, Probe::Ref peer) -> Reply<Number> {
    std::optional<Joined<Number, Number>> joined;
    joined.emplace(peer.Mix(Num(1)).Start(), peer.Mix(Num(2)).Start());
    Reply<Number> outcome = FirstOf(*joined);
    EXPECT_FALSE(outcome.done());
    joined.reset();
    EXPECT_EQ((co_await outcome).status().code(), StatusCode::kCancelled);
    co_return Num(0);
  });
}

TEST_P(SharedAwaitTest, F112_WhatWasMovedFromHasNoOutcome) {
  Run([](Context&, Probe::Ref peer) -> Reply<Number> {
    Pending<Number> pending = peer.Mix(Num(1)).Start();
    const Pending<Number> owner = std::move(pending);
    EXPECT_TRUE(pending.done());  // NOLINT: the slip that this is about.
    EXPECT_EQ((co_await pending).status().code(), StatusCode::kFailedPrecondition);
    EXPECT_FALSE(owner.done());

    Call<Number> call = peer.Mix(Num(1));
    const Call<Number> sent = std::move(call);
    const absl::StatusOr<Number> unsent = co_await std::move(call);  // NOLINT
    EXPECT_EQ(unsent.status().code(), StatusCode::kFailedPrecondition);
    EXPECT_EQ(CertaintyOf(unsent.status()), Certainty::kNotSent);
    Pending<Number> never = std::move(call).Start();  // NOLINT
    EXPECT_EQ((co_await never).status().code(), StatusCode::kFailedPrecondition);

    Stream<Number> stream = peer.Count(Num(1));
    const Stream<Number> reader = std::move(stream);
    const absl::StatusOr<std::optional<Number>> item = co_await stream.Next();  // NOLINT
    EXPECT_EQ(item.status().code(), StatusCode::kFailedPrecondition);

    Reply<Number> reply = Outcome(pending);
    Reply<Number> taken = std::move(reply);
    EXPECT_EQ((co_await reply).status().code(), StatusCode::kFailedPrecondition);  // NOLINT
    EXPECT_EQ((co_await taken).status().code(), StatusCode::kFailedPrecondition);
    co_return Num(0);
  });
}

TEST_P(SharedAwaitTest, F112_AStreamDroppedWhileAnotherReadsIt) {
  Run([](Context&, Probe::Ref peer) -> Reply<Number> {
    std::optional<Stream<Number>> stream = peer.Count(Num(3)).Start();
    Reply<Number> next = Next(*stream);
    EXPECT_FALSE(next.done());
    stream.reset();
    EXPECT_EQ((co_await next).status().code(), StatusCode::kCancelled);
    co_return Num(0);
  });
}

TEST_P(SharedAwaitTest, F112_AStreamOverwrittenWhileAnotherReadsIt) {
  Run([](Context&, Probe::Ref peer) -> Reply<Number> {
    Stream<Number> stream = peer.Count(Num(3)).Start();
    Reply<Number> next = Next(stream);
    stream = peer.Count(Num(0));
    EXPECT_EQ((co_await next).status().code(), StatusCode::kCancelled);
    const absl::StatusOr<Number> end = co_await Next(stream);
    EXPECT_EQ(end.ok() ? end->value() : 0, -1) << end.status();
    co_return Num(0);
  });
}

TEST_P(SharedAwaitTest, F112_AStreamMovedWhileAnotherReadsIt) {
  Run([](Context&, Probe::Ref peer) -> Reply<Number> {
    Stream<Number> stream = peer.Count(Num(3)).Start();
    Reply<Number> next = Next(stream);
    Stream<Number> moved = std::move(stream);
    const absl::StatusOr<Number> first = co_await next;
    EXPECT_EQ(first.ok() ? first->value() : -1, 0) << first.status();
    const absl::StatusOr<Number> second = co_await Next(moved);
    EXPECT_EQ(second.ok() ? second->value() : -1, 1) << second.status();
    co_return Num(0);
  });
}

INSTANTIATE_TEST_SUITE_P(PeerOnShard, SharedAwaitTest, testing::Values(0, 1));

TEST(CallMovedFromTest, F112_AThreadThatWaitsForOneGetsAnError) {
  Stage stage(1);
  const Probe::Ref peer(stage.Spawn(0, Script{}));
  Call<Number> call = peer.Mix(Num(1));
  const Call<Number> owner = std::move(call);
  const absl::StatusOr<Number> outcome = std::move(call).Wait();  // NOLINT
  EXPECT_EQ(outcome.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(CertaintyOf(outcome.status()), Certainty::kNotSent);
}

// Writes until that fails, and keeps the reason.
Reply<void> WriteUntilRefused(Context& cx, Sink<Number> out, absl::Status* last) {
  const Alive alive;
  do {
    *last = co_await out.Write(Num(0));
    if (last->ok()) co_await cx.Sleep(absl::Milliseconds(1));
  } while (last->ok());
  co_return absl::OkStatus();
}

// A coroutine that an actor keeps goes on with a Sink whose handler has answered; `credit_items`
// decides whether it waits for room then or not.
void WriterBeyondItsHandler(int credit_items) {
  RunInAChild([&] {
    absl::Status last = absl::UnknownError("none yet");
    std::optional<Reply<void>> kept;
    Stage stage(2, {.stream_credit_items = static_cast<uint32_t>(credit_items)});
    const Ref<ProbeActor> writer = stage.Spawn(
        1, Script{.count = [&](Context& cx, const Number&, Sink<Number> out) -> Reply<void> {
                    kept.emplace(WriteUntilRefused(cx, out, &last));
                    co_await cx.Sleep(absl::Milliseconds(5));
                    co_return absl::OkStatus();
                  },
                  .stop = [&](Context&, StopReason) -> Reply<void> {
                    kept.reset();
                    return absl::OkStatus();
                  }});
    const absl::StatusOr<Number> done =
        stage.Run([writer](Context& cx, const Number& n) -> Reply<Number> {
          Stream<Number> stream = Probe::Ref(writer).Count(Num(0)).Start();
          co_await cx.Sleep(absl::Milliseconds(20));
          absl::StatusOr<std::optional<Number>> item = co_await stream.Next();
          while (item.ok() && item->has_value()) item = co_await stream.Next();
          EXPECT_TRUE(item.ok()) << item.status();
          co_return n;
        });
    EXPECT_TRUE(done.ok()) << done.status();
    EXPECT_EQ(last.code(), StatusCode::kFailedPrecondition) << last;
    stage.ExpectServed();
    stage.system().Stop(writer);
    stage.RunFor(absl::Milliseconds(1));
    stage.End();
  });
}

TEST(SinkBeyondItsHandlerTest, F112_ItsWritesFail) { WriterBeyondItsHandler(64); }
TEST(SinkBeyondItsHandlerTest, F112_AWriteThatWaitsFails) { WriterBeyondItsHandler(2); }

// A coroutine that goes on beside later handlers serves no request: that one's time is not its own.
TEST(KeptCoroutineTest, F114_ARequestOfItHasItsOwnTime) {
  RunInAChild([] {
    absl::Status outcome = absl::UnknownError("none yet");
    std::optional<Reply<void>> kept;
    Stage stage(2);
    const Probe::Ref peer(stage.Spawn(
        1, Script{.mix = [](Context&, const Number& n) -> Reply<Number> { return n; }}));
    const auto late = [&](Context& cx) -> Reply<void> {
      co_await cx.Sleep(absl::Milliseconds(50));
      outcome = (co_await peer.Mix(Num(1))).status();
      co_return absl::OkStatus();
    };
    const Ref<ProbeActor> keeper =
        stage.Spawn(0, Script{.ask = [&](Context& cx, const Number& n) -> Reply<Number> {
                                kept.emplace(late(cx));
                                return n;
                              },
                              .stop = [&](Context&, StopReason) -> Reply<void> {
                                kept.reset();
                                return absl::OkStatus();
                              }});
    EXPECT_TRUE(Probe::Ref(keeper).Ask(Num(0)).Within(absl::Milliseconds(10)).Wait().ok());
    stage.RunFor(absl::Milliseconds(100));
    EXPECT_EQ(outcome, absl::OkStatus());
    stage.system().Stop(keeper);
    stage.RunFor(absl::Milliseconds(1));
    stage.End();
  });
}

// A writer that is ahead of what the way to its reader holds waits, whatever credit it has.
TEST(StreamOfLargeItemsTest, F116_ItsWriterWaitsForTheWay) {
  RunInAChild([] {
    constexpr int64_t kItems = 200;
    constexpr size_t kItemBytes = 200'000;
    Stage stage(2, {.stream_credit_items = 64, .outbox_bytes_max = 1 << 20});
    absl::Status written = absl::UnknownError("none yet");
    const Ref<ProbeActor> writer = stage.Spawn(
        1, Script{.count = [&](Context&, const Number& n, Sink<Number> out) -> Reply<void> {
          for (int64_t i = 0; i < n.value(); ++i) {
            Number item = Num(i);
            item.set_padding(std::string(kItemBytes, 'x'));
            written = co_await out.Write(std::move(item));
            if (!written.ok()) break;
          }
          co_return written;
        }});
    const absl::StatusOr<Number> read =
        stage.Run([writer](Context&, const Number&) -> Reply<Number> {
          Stream<Number> stream = Probe::Ref(writer).Count(Num(kItems)).Start();
          int64_t next = 0;
          while (true) {
            const absl::StatusOr<std::optional<Number>> item = co_await stream.Next();
            if (!item.ok()) co_return item.status();
            if (!item->has_value()) break;
            EXPECT_EQ((*item)->value(), next++);
          }
          co_return Num(next);
        });
    EXPECT_EQ(written, absl::OkStatus());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->value(), kItems);
    stage.ExpectServed();
    stage.End();
  });
}

}  // namespace
}  // namespace troupe::test
