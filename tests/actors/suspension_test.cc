#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/system.h"

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

INSTANTIATE_TEST_SUITE_P(Shards, SuspensionTest, testing::Values(1, 2));

}  // namespace
}  // namespace troupe::test
