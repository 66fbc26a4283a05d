// The faults of a fault driver: what two of them disturb, and what is left when all are mended.

#include "troupe/sim/fault_driver.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/loop/platform.h"
#include "troupe/sim/test_simulation.h"

namespace troupe {
namespace {

// None yet, each of them then and for so long.
FaultOptions Every(absl::Duration between, absl::Duration lasts) {
  return {.between = {between, between},
          .lasts = {lasts, lasts},
          .partitions = 0,
          .one_way_cuts = 0,
          .resets = 0,
          .clogs = 0,
          .pauses = 0,
          .wall_clocks = 0};
}

int CountOf(std::string_view part, std::string_view text) {
  int count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class FaultDriverTest : public testing::Test {
 protected:
  TestSimulation simulation_{{.record_trace = true, .log_to_stderr = false}};
  Platform& a_ = simulation_.AddNode("a");
  Platform& b_ = simulation_.AddNode("b");
};

TEST_F(FaultDriverTest, WhatTwoFaultsDisturbIsMendedWithTheSecond) {
  FaultOptions options = Every(absl::Milliseconds(4), absl::Milliseconds(10));
  options.partitions = 1;
  FaultDriver faults(simulation_, {"a", "b"}, 1, options);
  faults.RunFor(absl::Milliseconds(50));
  EXPECT_GE(CountOf("partition of", simulation_.trace_text()), 10);
  EXPECT_EQ(CountOf("healed", simulation_.trace_text()), 0) << simulation_.trace_text();
  faults.MendAll();
  EXPECT_EQ(CountOf("healed", simulation_.trace_text()), 1) << simulation_.trace_text();
}

TEST_F(FaultDriverTest, WhatOneFaultDisturbsIsMendedInTime) {
  FaultOptions options = Every(absl::Milliseconds(20), absl::Milliseconds(10));
  options.partitions = 1;
  FaultDriver faults(simulation_, {"a", "b"}, 1, options);
  faults.RunFor(absl::Milliseconds(59));
  EXPECT_EQ(CountOf("partition of", simulation_.trace_text()), 2);
  EXPECT_EQ(CountOf("healed", simulation_.trace_text()), 2) << simulation_.trace_text();
}

TEST_F(FaultDriverTest, MendAllEndsPauses) {
  class Idle final : public Actor {
   public:
    struct Call {
      int* answered;
    };
    void On(Context&, const Call& call) { ++*call.answered; }
  };
  int answered = 0;
  const auto a = *System::Start({.shards = 1, .platform = &a_});
  const auto b = *System::Start({.shards = 1, .platform = &b_});
  const Ref<Idle> on_a = a->Spawn<Idle>({}), on_b = b->Spawn<Idle>({});
  FaultOptions options = Every(absl::Milliseconds(5), absl::Hours(1));
  options.pauses = 1;
  FaultDriver faults(simulation_, {"a", "b"}, 1, options);
  faults.RunFor(absl::Milliseconds(100));
  on_a.Send(Idle::Call{&answered});
  on_b.Send(Idle::Call{&answered});
  simulation_.RunFor(absl::Minutes(1));
  EXPECT_EQ(answered, 0);
  faults.MendAll();
  simulation_.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(answered, 2);
}

TEST_F(FaultDriverTest, MendAllSetsWallClocksRight) {
  FaultOptions options = Every(absl::Milliseconds(5), absl::Hours(1));
  options.wall_clocks = 1;
  FaultDriver faults(simulation_, {"a", "b"}, 1, options);
  faults.RunFor(absl::Milliseconds(100));
  EXPECT_NE(a_.clock().WallNow(), simulation_.clock().WallNow());
  faults.MendAll();
  EXPECT_EQ(a_.clock().WallNow(), simulation_.clock().WallNow());
  EXPECT_EQ(b_.clock().WallNow(), simulation_.clock().WallNow());
}

TEST_F(FaultDriverTest, OfPausesAtOnceTheLastToEndCounts) {
  const auto a = *System::Start({.shards = 1, .platform = &a_});
  simulation_.Pause("a", absl::Seconds(10));
  simulation_.Pause("a", absl::Seconds(1));
  bool ran = false;
  class Runner final : public Actor {
   public:
    explicit Runner(bool* has_run) { *has_run = true; }
  };
  a->Spawn<Runner>({}, &ran);
  simulation_.RunFor(absl::Seconds(9));
  EXPECT_FALSE(ran);
  simulation_.RunFor(absl::Seconds(2));
  EXPECT_TRUE(ran);
}

TEST_F(FaultDriverTest, FaultsWithoutTimeBetweenThemAreRefused) {
  EXPECT_DEATH(
      FaultDriver(simulation_, {"a", "b"}, 1, Every(absl::ZeroDuration(), absl::Milliseconds(1))),
      "never end");
}

}  // namespace
}  // namespace troupe
