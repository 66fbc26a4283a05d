// An OK status where a value is due: the outcome is INTERNAL and says whose handler it was.

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/tests/actors/in_a_child.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

using testing::HasSubstr;

Reply<Number> ReturnsOk(Context&, const Number&) { return absl::OkStatus(); }

Reply<Number> CoReturnsOk(Context&, const Number&) { co_return absl::OkStatus(); }

Reply<Number> CoReturnsOkLater(Context& cx, const Number&) {
  co_await cx.Sleep(absl::Milliseconds(1));
  co_return absl::OkStatus();
}

Reply<Number> CoReturnsAStatusThatIsOk(Context& cx, const Number&) {
  const absl::Status status = co_await cx.Offload([] {});
  co_return status;
}

// Expects of a handler of Probe::Ask and of Probe::Mix that its outcome names it.
void ExpectInternal(Reply<Number> (*handler)(Context&, const Number&)) {
  RunInAChild([=] {
    Stage stage(2);
    const Probe::Ref actor(stage.Spawn(1, Script{.ask = handler, .mix = handler}));
    const absl::Status ask = actor.Ask(Num(1)).Wait().status();
    EXPECT_EQ(ask.code(), absl::StatusCode::kInternal) << ask;
    EXPECT_THAT(std::string(ask.message()), HasSubstr("ProbeActor"));
    EXPECT_THAT(std::string(ask.message()), HasSubstr("Ask"));
    const absl::Status mix = actor.Mix(Num(1)).Wait().status();
    EXPECT_EQ(mix.code(), absl::StatusCode::kInternal) << mix;
    EXPECT_THAT(std::string(mix.message()), HasSubstr("ProbeActor"));
    EXPECT_THAT(std::string(mix.message()), HasSubstr("Mix"));
    // The actor is none the worse for it.
    EXPECT_EQ(stage.system().Counters().failures, 0u);
    stage.ExpectServed();
    stage.End();
  });
}

TEST(EmptyStatusTest, F130_Returned) { ExpectInternal(&ReturnsOk); }

TEST(EmptyStatusTest, F130_CoReturned) { ExpectInternal(&CoReturnsOk); }

TEST(EmptyStatusTest, F130_CoReturnedLater) { ExpectInternal(&CoReturnsOkLater); }

TEST(EmptyStatusTest, F130_AnotherCallsOutcome) { ExpectInternal(&CoReturnsAStatusThatIsOk); }

Reply<int> HelperReturnsOk(bool at_once) {
  if (at_once) return absl::OkStatus();
  return Reply<int>(1);
}
Reply<int> HelperCoReturnsOk(Context& cx) {
  co_await cx.Sleep(absl::Milliseconds(1));
  co_return absl::OkStatus();
}

TEST(EmptyStatusTest, F130_OfAHelper) {
  RunInAChild([] {
    Stage stage(1);
    const absl::StatusOr<Number> outcome =
        stage.Run([](Context& cx, const Number& n) -> Reply<Number> {
          const absl::StatusOr<int> returned = co_await HelperReturnsOk(true);
          EXPECT_EQ(returned.status().code(), absl::StatusCode::kInternal) << returned.status();
          const absl::StatusOr<int> co_returned = co_await HelperCoReturnsOk(cx);
          EXPECT_EQ(co_returned.status().code(), absl::StatusCode::kInternal)
              << co_returned.status();
          co_return n;
        });
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    stage.End();
  });
}

}  // namespace
}  // namespace troupe::test
