// Deadlines that requests inherit, read where it counts: in the innermost handler.

#include <functional>
#include <vector>

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
#include "troupe/actors/worker.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

// Says how many microseconds its caller still waits, or -1 for ever.
Number Left(absl::Duration remaining) {
  return Num(remaining == absl::InfiniteDuration() ? -1 : absl::ToInt64Microseconds(remaining));
}

class Clerk final : public Probe::Worker {
 public:
  absl::StatusOr<Number> Ask(WorkerContext& cx, const Number&) override {
    return Left(cx.Remaining());
  }
  absl::StatusOr<Number> Mix(WorkerContext& cx, const Number&) override {
    return Left(cx.Remaining());
  }
  absl::Status Tell(WorkerContext&, const Number&) override { return absl::OkStatus(); }
};

// An innermost actor on the last of some shards, and one in the middle on the first.
class DeadlineTest : public testing::TestWithParam<int> {
 protected:
  DeadlineTest()
      : stage_(GetParam()),
        innermost_(stage_.Spawn(
            GetParam() - 1,
            Script{.ask = [](Context& cx, const Number&) -> Reply<Number> {
                     return Left(cx.Remaining());
                   },
                   .count = [](Context& cx, const Number&, Sink<Number> out) -> Reply<void> {
                     co_return co_await out.Write(Left(cx.Remaining()));
                   }})) {}

  // What the innermost says when `middle` asks it inside a request of 30 ms, ten of which have
  // passed.
  int64_t Inside(std::function<Reply<Number>(Context&, const Number&)> middle) {
    const Probe::Ref asked(
        stage_.Spawn(0, Script{.ask = [&](Context& cx, const Number& n) -> Reply<Number> {
                       co_await cx.Sleep(absl::Milliseconds(10));
                       const absl::StatusOr<Number> left = co_await middle(cx, n);
                       co_return left;
                     }}));
    const absl::StatusOr<Number> left = asked.Ask(Num(0)).Within(absl::Milliseconds(30)).Wait();
    EXPECT_TRUE(left.ok()) << left.status();
    return left.ok() ? left->value() : 0;
  }

  Stage stage_;
  const Probe::Ref innermost_;
};

TEST_P(DeadlineTest, OneThatSaysNothingInheritsWhatIsLeft) {
  const int64_t left = Inside(
      [this](Context&, const Number& n) -> Reply<Number> { co_return co_await innermost_.Ask(n); });
  EXPECT_GT(left, 15'000);
  EXPECT_LE(left, 20'000);
}

TEST_P(DeadlineTest, OneThatWantsMoreGetsWhatIsLeft) {
  const int64_t left = Inside([this](Context&, const Number& n) -> Reply<Number> {
    co_return co_await innermost_.Ask(n).Within(absl::Hours(1));
  });
  EXPECT_GT(left, 15'000);
  EXPECT_LE(left, 20'000);
}

TEST_P(DeadlineTest, OneThatWantsLessGetsThat) {
  const int64_t left = Inside([this](Context&, const Number& n) -> Reply<Number> {
    co_return co_await innermost_.Ask(n).Within(absl::Milliseconds(5));
  });
  EXPECT_GT(left, 3'000);
  EXPECT_LE(left, 5'000);
}

TEST_P(DeadlineTest, OneThatWantsForeverGetsWhatIsLeft) {
  const int64_t left = Inside([this](Context&, const Number& n) -> Reply<Number> {
    Pending<Number> pending = innermost_.Ask(n).Within(absl::InfiniteDuration()).Start();
    const absl::StatusOr<Number> reply = co_await pending;
    co_return reply;
  });
  EXPECT_GT(left, 15'000);
  EXPECT_LE(left, 20'000);
}

TEST_P(DeadlineTest, AStreamInheritsIt) {
  const int64_t left = Inside([this](Context&, const Number& n) -> Reply<Number> {
    Stream<Number> stream = innermost_.Count(n);
    const absl::StatusOr<std::optional<Number>> item = co_await stream.Next();
    if (!item.ok()) co_return item.status();
    co_return item->value();
  });
  EXPECT_GT(left, 15'000);
  EXPECT_LE(left, 20'000);
}

TEST_P(DeadlineTest, AWorkersJobInheritsIt) {
  const Probe::Ref workers =
      stage_.system().SpawnWorkers<Clerk>({.placement = Placement::OnShard(GetParam() - 1)});
  const int64_t left = Inside([&](Context&, const Number& n) -> Reply<Number> {
    co_return co_await workers.Ask(n).Within(absl::Hours(1));
  });
  EXPECT_GT(left, 10'000);
  EXPECT_LE(left, 20'000);
}

// Over several actors each of which asks the next.
TEST_P(DeadlineTest, AChainInheritsItToItsEnd) {
  std::vector<Probe::Ref> chain = {innermost_};
  for (int i = 0; i < 5; ++i) {
    const Probe::Ref next = chain.back();
    chain.push_back(stage_.Spawn(i % GetParam(),
                                 Script{.ask = [next](Context&, const Number& n) -> Reply<Number> {
                                   co_return co_await next.Ask(n).Within(absl::Hours(1));
                                 }}));
  }
  const Probe::Ref first = chain.back();
  const int64_t left = Inside(
      [first](Context&, const Number& n) -> Reply<Number> { co_return co_await first.Ask(n); });
  EXPECT_GT(left, 15'000);
  EXPECT_LE(left, 20'000);
}

// A one-way message has no deadline, so what its handler asks has only its own.
TEST_P(DeadlineTest, AOneWayMessageGivesNoDeadlineOn) {
  int64_t left = 0;
  const Probe::Ref teller(stage_.Spawn(
      0, Script{.tell = [&](Context&, const Number& n) -> Reply<void> {
        const absl::StatusOr<Number> reply = co_await innermost_.Ask(n).Within(absl::Hours(1));
        if (reply.ok()) left = reply->value();
        co_return reply.status();
      }}));
  const absl::StatusOr<Number> outcome =
      stage_.Run([&](Context& cx, const Number& n) -> Reply<Number> {
        EXPECT_EQ(teller.Tell(n), SendResult::kAccepted);
        co_await cx.Sleep(absl::Milliseconds(5));
        co_return n;
      });
  EXPECT_TRUE(outcome.ok());
  EXPECT_GT(left, absl::ToInt64Microseconds(absl::Minutes(59)));
}

INSTANTIATE_TEST_SUITE_P(Shards, DeadlineTest, testing::Values(1, 2));

}  // namespace
}  // namespace troupe::test
