// The random program on some nodes, whose actors introduce one another, while links, machines and
// processes fail.

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/sim/random_program/cluster.h"
#include "troupe/sim/for_each_seed.h"
#include "troupe/sim/seeds/run_report.h"
#include "troupe/sim/seeds/seed_runner.h"
#include "troupe/sim/sim_run.h"
#include "troupe/tests/sim/known_faults.h"

namespace troupe {
namespace {

TEST(RandomClusterTest, SomeNodes) {
  ForEachSeed([](SimRun& run) { RunCalm(run, static_cast<int>(run.Number("nodes", 2, 3))); });
}

TEST(RandomClusterTest, SomeNodesWithFaults) {
  ForEachSeed([](SimRun& run) { RunWithFaults(run, /*strict=*/false); });
}

// Of today's program: another one makes other runs of them. A link that carried little, and shards
// that took one message a turn, had not caught up in a minute.
TEST(RandomClusterTest, SeedsThatOnceBrokeAPromise) {
  const SeedRunner runner([](SimRun& run) { RunWithFaults(run, /*strict=*/false); },
                          {.log_to_stderr = false});
  for (const uint64_t seed : {12484, 97688}) {
    EXPECT_FALSE(runner.RunApart(seed, {}).failed()) << "seed " << seed;
  }
}

// Actors that jobs held beyond twice drain_timeout were destroyed on no shard.
TEST(RandomClusterTest, SeedsThatOnceBrokeAShutdown) {
  const SeedRunner runner(
      [](SimRun& run) {
        RunCalm(run, static_cast<int>(run.Number("nodes", 2, 3)), /*others_go_on=*/true);
      },
      {.log_to_stderr = false});
  EXPECT_FALSE(runner.RunApart(88604, {}).failed());
}

TEST(RandomClusterTest, F135_OrderBetweenNodes) {
  const SeedRunner runner([](SimRun& run) { RunWithFaults(run, /*strict=*/true); },
                          {.log_to_stderr = false});
  std::vector<std::string> wrong;
  for (const uint64_t seed : {13, 121}) {
    const RunReport report = runner.RunApart(seed, {});
    wrong.insert(wrong.end(), report.wrong.begin(), report.wrong.end());
  }
  ExpectKept("F135", wrong);
}

}  // namespace
}  // namespace troupe
