// Machines that misbehave: their clocks, their cores, their pauses, their ends.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/actors/system.h"
#include "troupe/base/instant.h"
#include "troupe/base/random.h"
#include "troupe/sim/machine_options.h"
#include "troupe/sim/sim_clock.h"
#include "troupe/sim/test_simulation.h"

namespace troupe {
namespace {

struct Tick {};

// Ticks as often as it is told, and notes when by its own clock.
class Ticker final : public Actor {
 public:
  Ticker(absl::Duration period, std::vector<Instant>* ticks) : period_(period), ticks_(ticks) {}

  Reply<void> OnStart(Context& cx) override {
    cx.After(this, period_, Tick{});
    return absl::OkStatus();
  }
  void On(Context& cx, const Tick&) {
    ticks_->push_back(cx.Now());
    cx.After(this, period_, Tick{});
  }

 private:
  const absl::Duration period_;
  std::vector<Instant>* const ticks_;
};

// Is never idle.
class Busy final : public Actor {
 public:
  explicit Busy(int* turns) : turns_(turns) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Self(this).Send(Tick{});
    return absl::OkStatus();
  }
  void On(Context& cx, const Tick&) {
    ++*turns_;
    cx.After(this, absl::ZeroDuration(), Tick{});
  }

 private:
  int* const turns_;
};

std::unique_ptr<System> StartOn(Platform& platform, int shards = 1) {
  auto system = System::Start({.shards = shards, .platform = &platform});
  EXPECT_TRUE(system.ok()) << system.status();
  return *std::move(system);
}

// --- Clocks. ---

class FixedClock final : public Clock {
 public:
  Instant Now() const override { return now; }
  absl::Time WallNow() const override { return absl::UnixEpoch(); }

  Instant now = {5'000'000'000};
};

TEST(SimClockTest, TheWorldsTimeOfAReadingIsTheFirstAtWhichItIsShown) {
  FixedClock world;
  Random random(7);
  for (const int gain_ppm : {-100'000, -333, -1, 0, 1, 200, 77'777, 100'000}) {
    SCOPED_TRACE(gain_ppm);
    world.now = {5'000'000'000};
    const SimClock clock(world, {.clock_ahead = absl::Minutes(3), .clock_gain_ppm = gain_ppm});
    EXPECT_EQ(clock.Now() - world.now, absl::Minutes(3));
    for (int i = 0; i < 1000; ++i) {
      const Instant reading = clock.Now() + absl::Nanoseconds(random.Below(1'000'000'000'000));
      const Instant when = clock.WorldAt(reading);
      world.now = {when.nanos - 1};
      ASSERT_LT(clock.Now(), reading);
      world.now = when;
      ASSERT_GE(clock.Now(), reading);
    }
  }
  const SimClock clock(world, {});
  EXPECT_TRUE(clock.WorldAt(Instant::Infinite()).is_infinite());
}

TEST(MachinesTest, AClockThatGainsBringsTimersEarlyButNoneByItself) {
  TestSimulation simulation;
  std::vector<Instant> right_ticks, fast_ticks;
  const auto right = StartOn(simulation.AddNode("right"));
  const auto fast = StartOn(
      simulation.AddNode("fast", {.clock_ahead = absl::Hours(1), .clock_gain_ppm = 100'000}));
  right->Spawn<Ticker>({}, absl::Seconds(1), &right_ticks);
  fast->Spawn<Ticker>({}, absl::Seconds(1), &fast_ticks);
  simulation.RunFor(absl::Seconds(100.5));
  EXPECT_EQ(right_ticks.size(), 100u);
  EXPECT_EQ(fast_ticks.size(), 110u);
  for (size_t i = 1; i < fast_ticks.size(); ++i) {
    EXPECT_GE(fast_ticks[i] - fast_ticks[i - 1], absl::Seconds(1));
  }
  EXPECT_GT(fast_ticks[0], Instant() + absl::Hours(1));
}

TEST(MachinesTest, AWallClockThatJumpsMovesNoTimer) {
  TestSimulation simulation;
  Platform& platform = simulation.AddNode("a", {.wall_clock_error = absl::Hours(-1)});
  std::vector<Instant> ticks;
  const auto system = StartOn(platform);
  system->Spawn<Ticker>({}, absl::Seconds(1), &ticks);
  EXPECT_EQ(platform.clock().WallNow(), simulation.clock().WallNow() - absl::Hours(1));
  simulation.RunFor(absl::Seconds(2.5));
  simulation.SetWallClockError("a", absl::Hours(24));
  EXPECT_EQ(platform.clock().WallNow(), simulation.clock().WallNow() + absl::Hours(24));
  simulation.RunFor(absl::Seconds(2));
  EXPECT_EQ(ticks.size(), 4u);
}

// --- Threads and cores. ---

TEST(MachinesTest, AShardThatIsPausedHoldsNoOtherUp) {
  TestSimulation simulation;
  std::vector<Instant> ticks[2];
  const auto system = StartOn(simulation.AddNode("a"), 2);
  for (int shard = 0; shard < 2; ++shard) {
    system->Spawn<Ticker>({.placement = Placement::OnShard(shard)}, absl::Seconds(1),
                          &ticks[shard]);
  }
  simulation.RunFor(absl::Seconds(2.5));
  simulation.PauseShard("a", 1, absl::Seconds(10));
  simulation.RunFor(absl::Seconds(9));
  EXPECT_EQ(ticks[0].size(), 11u);
  EXPECT_EQ(ticks[1].size(), 2u);
  simulation.RunFor(absl::Seconds(2.5));
  EXPECT_EQ(ticks[1].size(), 4u);
}

// A shard that stood still when its process crashed ends as the others do.
TEST(MachinesTest, AShardThatIsPausedHoldsNoEndOfACrashedNodeUp) {
  TestSimulation simulation({.record_trace = true, .log_to_stderr = false});
  std::vector<Instant> ticks;
  auto system = StartOn(simulation.AddNode("a"), 2);
  system->Spawn<Ticker>({.placement = Placement::OnShard(1)}, absl::Seconds(1), &ticks);
  simulation.RunFor(absl::Seconds(2));
  simulation.PauseShard("a", 1, absl::Minutes(1));
  simulation.Crash("a");
  system.reset();
  const std::string story = simulation.trace_text();
  EXPECT_EQ(story.find("does not answer"), std::string::npos) << story;
  EXPECT_EQ(story.find("did not stop"), std::string::npos) << story;
}

// How many turns each of `shards` busy shards takes in ten milliseconds, on the whole.
int TurnsOf(int shards, const MachineOptions& options) {
  TestSimulation simulation;
  int turns = 0;
  const auto system = StartOn(simulation.AddNode("a", options), shards);
  for (int shard = 0; shard < shards; ++shard) {
    system->Spawn<Busy>({.placement = Placement::OnShard(shard)}, &turns);
  }
  simulation.RunFor(absl::Milliseconds(10));
  return turns;
}

TEST(MachinesTest, AsManyShardsRunAtATimeAsThereAreCores) {
  const DelayRange turn = {absl::Microseconds(10), absl::Microseconds(10)};
  const int alone = TurnsOf(1, {.turn_time = turn, .cores = 4});
  EXPECT_NEAR(alone, 1000, 50);
  EXPECT_NEAR(TurnsOf(4, {.turn_time = turn, .cores = 4}), 4 * alone, alone / 4);
  EXPECT_NEAR(TurnsOf(4, {.turn_time = turn, .cores = 1}), alone, alone / 4);
}

TEST(MachinesTest, ATurnTakesTheTimeOfItsNodeAlone) {
  TestSimulation simulation;
  int slow_turns = 0, fast_turns = 0;
  const auto slow = StartOn(simulation.AddNode(
      "slow", {.turn_time = DelayRange{absl::Milliseconds(1), absl::Milliseconds(1)}}));
  const auto fast = StartOn(simulation.AddNode(
      "fast", {.turn_time = DelayRange{absl::Microseconds(10), absl::Microseconds(10)}}));
  slow->Spawn<Busy>({}, &slow_turns);
  fast->Spawn<Busy>({}, &fast_turns);
  simulation.RunFor(absl::Milliseconds(100));
  EXPECT_NEAR(slow_turns, 100, 10);
  EXPECT_NEAR(fast_turns, 10'000, 500);
}

// --- Crashes. ---

// Takes its time to end.
class Slow final : public Actor {
 public:
  explicit Slow(bool* stopped) : stopped_(stopped) {}
  Reply<void> OnStop(Context& cx, StopReason) override {
    co_await cx.Sleep(absl::Seconds(5));
    *stopped_ = true;
    co_return absl::OkStatus();
  }

 private:
  bool* const stopped_;
};

TEST(MachinesTest, WhatIsLeftOfACrashedNodeTakesNobodysTime) {
  TestSimulation simulation;
  std::vector<Instant> ticks;
  bool stopped = false;
  Platform& platform = simulation.AddNode("crashes");
  const auto other = StartOn(simulation.AddNode("other"));
  other->Spawn<Ticker>({}, absl::Milliseconds(1), &ticks);
  auto system = StartOn(platform);
  system->Spawn<Slow>({}, &stopped);
  simulation.RunFor(absl::Milliseconds(10.5));
  simulation.Crash("crashes");
  const Instant crashed_at = simulation.clock().Now();
  const size_t ticks_before = ticks.size();
  system.reset();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(simulation.clock().Now(), crashed_at);
  EXPECT_EQ(ticks.size(), ticks_before);
  simulation.Restart("crashes");
  system = StartOn(platform);
  system->Spawn<Slow>({}, &stopped);
  simulation.RunFor(absl::Milliseconds(10));
  EXPECT_EQ(ticks.size(), ticks_before + 10);
}

}  // namespace
}  // namespace troupe
