// Two nodes with their transport, on one thread: what tests of users look like.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/sim/tally.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/base/random.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/tests/sim/another_process.h"
#include "troupe/tests/sim/member.h"

namespace troupe {
namespace {

using tally::Tally;
using tally::TallyReply;

// Adds 1 to a tally so many times, one after the other, and says what came back.
class Adder final : public Actor {
 public:
  Adder(Tally::Ref tally, int count, std::vector<int64_t>* totals)
      : tally_(tally), count_(count), totals_(totals) {}

  struct Begin {};
  Reply<void> OnStart(Context& cx) override {
    cx.Self(this).Send(Begin{});
    return absl::OkStatus();
  }
  Reply<void> On(Context&, Begin) {
    for (int i = 0; i < count_; ++i) {
      absl::StatusOr<TallyReply> reply = co_await tally_.Add(Amount(1));
      totals_->push_back(reply.ok() ? reply->total() : -1);
    }
    co_return absl::OkStatus();
  }

 private:
  const Tally::Ref tally_;
  const int count_;
  std::vector<int64_t>* const totals_;
};

class Watcher final : public Actor {
 public:
  Watcher(AnyRef target, std::vector<Down>* downs) : target_(target), downs_(downs) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Monitor(this, target_);
    return absl::OkStatus();
  }
  void On(Context&, const Down& down) { downs_->push_back(down); }

 private:
  const AnyRef target_;
  std::vector<Down>* const downs_;
};

struct RunOutcome {
  uint64_t hash = 0;
  std::deque<std::string> trace;
  std::vector<int64_t> totals;
};

RunOutcome RunCluster(uint64_t seed) {
  TestSimulation simulation({.seed = seed, .record_trace = true});
  RunOutcome outcome;
  {
    Member a(simulation, "a");
    Member b(simulation, "b");
    ExportTally(a);
    const Tally::Ref tally = Find(b, a);
    for (int i = 0; i < 3; ++i) b.system->Spawn<Adder>({}, tally, 20, &outcome.totals);
    EXPECT_TRUE(simulation.RunUntil([&] { return outcome.totals.size() == 60; }));
  }
  outcome.hash = simulation.trace_hash();
  outcome.trace = simulation.trace();
  return outcome;
}

TEST(ClusterTest, ACallCrossesTheSimulatedNetwork) {
  TestSimulation simulation;
  Member a(simulation, "a");
  Member b(simulation, "b");
  ExportTally(a);
  const Tally::Ref tally = Find(b, a);
  const Instant before = simulation.clock().Now();
  EXPECT_EQ(tally.Add(Amount(7)).Wait()->total(), 7);
  EXPECT_GE(simulation.clock().Now() - before, 2 * absl::Microseconds(50));
}

TEST(ClusterTest, NothingIsLostOrDoubledUnderAnySeed) {
  for (const uint64_t seed : SimulationSeeds(20)) {
    std::vector<int64_t> totals = RunCluster(seed).totals;
    std::sort(totals.begin(), totals.end());
    std::vector<int64_t> expected(60);
    std::iota(expected.begin(), expected.end(), 1);
    ASSERT_EQ(totals, expected) << "seed " << seed;
  }
}

TEST(ClusterTest, OneSeedGivesOneTrace) {
  for (const uint64_t seed : SimulationSeeds(5)) {
    const RunOutcome first = RunCluster(seed);
    const RunOutcome second = RunCluster(seed);
    ASSERT_EQ(first.trace, second.trace);
    EXPECT_EQ(first.hash, second.hash);
  }
}

TEST(ClusterTest, AnotherProcessGetsTheSameTrace) {
  ExpectSameHashInAnotherProcess(RunCluster(1).hash);
}

TEST(ClusterTest, AnotherSeedGivesAnotherTrace) {
  EXPECT_NE(RunCluster(1).hash, RunCluster(2).hash);
}

TEST(ClusterTest, AShortPartitionOnlyDelays) {
  for (const uint64_t seed : SimulationSeeds(10)) {
    TestSimulation simulation({.seed = seed});
    Member a(simulation, "a");
    Member b(simulation, "b");
    ExportTally(a);
    const Tally::Ref tally = Find(b, a);
    EXPECT_EQ(tally.Add(Amount(1)).Wait()->total(), 1);
    simulation.Partition("a", "b");
    std::vector<int64_t> totals;
    b.system->Spawn<Adder>({}, tally, 1, &totals);
    simulation.RunFor(absl::Seconds(3));
    EXPECT_TRUE(totals.empty());
    simulation.Heal("a", "b");
    ASSERT_TRUE(simulation.RunUntil([&] { return totals.size() == 1; }, absl::Seconds(10)));
    EXPECT_EQ(totals[0], 2) << "seed " << seed;
  }
}

TEST(ClusterTest, APartitionThatLastsIsToldOnceToWhoMonitors) {
  for (const uint64_t seed : SimulationSeeds(10)) {
    TestSimulation simulation({.seed = seed});
    Member a(simulation, "a");
    Member b(simulation, "b");
    ExportTally(a);
    std::vector<Down> downs;
    b.system->Spawn<Watcher>({}, Find(b, a), &downs);
    simulation.RunFor(absl::Seconds(1));
    EXPECT_TRUE(downs.empty());
    simulation.Partition("a", "b");
    ASSERT_TRUE(simulation.RunUntil([&] { return !downs.empty(); }, absl::Seconds(12)));
    simulation.Heal("a", "b");
    simulation.RunFor(absl::Minutes(1));
    ASSERT_EQ(downs.size(), 1u) << "seed " << seed;
    EXPECT_EQ(downs[0].reason, StopReason::kNodeDown);
  }
}

TEST(ClusterTest, ACrashedNodeIsReplacedByANewIncarnation) {
  for (const uint64_t seed : SimulationSeeds(10)) {
    TestSimulation simulation({.seed = seed});
    Platform& platform = simulation.AddNode("a");
    auto a = std::make_unique<Member>(platform, "a");
    Member b(simulation, "b");
    ExportTally(*a);
    const Tally::Ref old_tally = Find(b, *a);
    std::vector<Down> downs;
    b.system->Spawn<Watcher>({}, old_tally, &downs);
    simulation.RunFor(absl::Seconds(1));
    simulation.Crash("a");
    a.reset();
    simulation.Restart("a");
    a = std::make_unique<Member>(platform, "a");
    ExportTally(*a);
    EXPECT_EQ(Find(b, *a).Add(Amount(1)).Wait()->total(), 1);
    EXPECT_TRUE(simulation.RunUntil([&] { return downs.size() == 1; }, absl::Seconds(12)));
    EXPECT_FALSE(old_tally.Add(Amount(1)).Wait().ok()) << "seed " << seed;
  }
}

// A seeded run of partitions and pauses, each shorter or longer than a session lives.
void Disturb(Simulation& simulation, Random& random) {
  const absl::Duration time = absl::Milliseconds(random.Below(15'000));
  if (random.Below(2) == 0) {
    simulation.Pause(random.Below(2) == 0 ? "a" : "b", time);
    simulation.RunFor(time);
  } else {
    simulation.Partition("a", "b");
    simulation.RunFor(time);
    simulation.Heal("a", "b");
  }
  simulation.RunFor(absl::Milliseconds(random.Below(5'000)));
}

TEST(ClusterTest, DisturbancesLoseOnlyWhatIsReported) {
  for (const uint64_t seed : SimulationSeeds(20)) {
    constexpr int kAdders = 3;
    constexpr int kCount = 2'000;
    TestSimulation simulation({.seed = seed,
                               .network_delay = {absl::Milliseconds(1), absl::Milliseconds(20)},
                               .log_to_stderr = false});
    Random random(seed);
    Member a(simulation, "a");
    Member b(simulation, "b");
    const Tally::Ref at_home = ExportTally(a);
    const Tally::Ref tally = Find(b, a);
    std::vector<int64_t> totals;
    for (int i = 0; i < kAdders; ++i) b.system->Spawn<Adder>({}, tally, kCount, &totals);
    for (int i = 0; i < 10; ++i) Disturb(simulation, random);
    ASSERT_TRUE(simulation.RunUntil([&] { return totals.size() == kAdders * kCount; }))
        << "seed " << seed << ": " << totals.size() << " outcomes";

    const int64_t failed = std::erase(totals, -1);
    const int64_t added = at_home.Add(Amount(0)).Wait()->total();
    EXPECT_GE(added, static_cast<int64_t>(totals.size())) << "seed " << seed;
    EXPECT_LE(added, static_cast<int64_t>(totals.size()) + failed) << "seed " << seed;
    std::sort(totals.begin(), totals.end());
    EXPECT_EQ(std::adjacent_find(totals.begin(), totals.end()), totals.end()) << "seed " << seed;
    EXPECT_EQ(Find(b, a).Add(Amount(0)).Wait()->total(), added) << "seed " << seed;
  }
}

}  // namespace
}  // namespace troupe
