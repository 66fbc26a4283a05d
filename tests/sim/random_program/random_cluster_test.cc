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

// A paused shard that held up the end of its crashed process, and worlds too slow to settle in a
// minute.
TEST(RandomClusterTest, SeedsThatOnceBrokeAPromise) {
  const SeedRunner runner([](SimRun& run) { RunWithFaults(run, /*strict=*/false); },
                          {.log_to_stderr = false});
  for (const uint64_t seed : {1624, 4412, 8556, 10865, 16642, 17732, 21297}) {
    EXPECT_FALSE(runner.RunApart(seed, {}).failed()) << "seed " << seed;
  }
}

TEST(RandomClusterTest, F135_OrderBetweenNodes) {
  const SeedRunner runner([](SimRun& run) { RunWithFaults(run, /*strict=*/true); },
                          {.log_to_stderr = false});
  std::vector<std::string> wrong;
  for (const uint64_t seed : {394, 752}) {
    const RunReport report = runner.RunApart(seed, {});
    wrong.insert(wrong.end(), report.wrong.begin(), report.wrong.end());
  }
  ExpectKept("F135", wrong);
}

}  // namespace
}  // namespace troupe
