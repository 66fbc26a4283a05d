// System::Gauges(): what waits now, and nothing once all is quiet.

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/call.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/shard_counters.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

TEST(GaugesTest, WhatWaitsIsCountedAndNothingIsLeftInTheEnd) {
  constexpr int kAsks = 7;
  Stage stage(2);
  const SystemGauges before = stage.system().Gauges();
  const Probe::Ref slow(
      stage.Spawn(1, Script{.ask = [](Context& cx, const Number& n) -> Reply<Number> {
                    co_await cx.Sleep(absl::Seconds(1));
                    co_return n;
                  }}));
  stage.Spawn(0, {}).Send(Do{[slow](ProbeActor& self, Context& cx) -> Reply<void> {
    cx.After(&self, absl::Hours(1), Tick{});
    std::vector<Pending<Number>> pending;
    for (int i = 0; i < kAsks; ++i) {
      pending.push_back(slow.Ask(Num(i)).Within(absl::Minutes(1)).Start());
    }
    for (Pending<Number>& each : pending) {
      const absl::StatusOr<Number> outcome = co_await each;
      EXPECT_TRUE(outcome.ok()) << outcome.status();
    }
    co_return absl::OkStatus();
  }});
  stage.RunFor(absl::Milliseconds(1));
  const SystemGauges busy = stage.system().Gauges();
  EXPECT_EQ(busy.actors, before.actors + 2);
  EXPECT_EQ(busy.requests_pending, uint64_t{kAsks});
  // One is being handled.
  EXPECT_EQ(busy.messages_waiting, uint64_t{kAsks - 1});
  EXPECT_GT(busy.bytes_waiting, busy.messages_waiting);
  EXPECT_EQ(busy.event_records, before.event_records + 1);

  stage.RunFor(absl::Minutes(1));
  const SystemGauges quiet = stage.system().Gauges();
  EXPECT_EQ(quiet.actors, busy.actors);
  EXPECT_EQ(quiet.requests_pending, 0u);
  EXPECT_EQ(quiet.messages_waiting, 0u);
  EXPECT_EQ(quiet.bytes_waiting, 0u);
  EXPECT_EQ(quiet.bytes_between_shards, 0u);
}

}  // namespace
}  // namespace troupe::test
