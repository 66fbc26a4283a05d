// The random program on some nodes, whose actors introduce one another, while links, machines and
// processes fail.

#include <cstddef>
#include <cstdint>

#include "gtest/gtest.h"
#include "tests/sim/random_program/cluster.h"
#include "troupe/sim/for_each_seed.h"
#include "troupe/sim/seeds/seed_runner.h"
#include "troupe/sim/sim_run.h"

namespace troupe {
namespace {

TEST(RandomClusterTest, SomeNodes) {
  ForEachSeed([](SimRun& run) { RunCalm(run, static_cast<int>(run.Number("nodes", 2, 3))); });
}

TEST(RandomClusterTest, SomeNodesWithFaults) {
  ForEachSeed([](SimRun& run) { RunWithFaults(run, /*remote_order=*/false); });
}

// Known to be broken: what waits for a dial is overtaken by what goes over the peer's own
// connection. Once a session has one road, this test fails, and goes.
TEST(RandomClusterTest, F135_OrderBetweenNodesIsNotKeptYet) {
  const SeedRunner runner([](SimRun& run) { RunWithFaults(run, /*remote_order=*/true); },
                          {.log_to_stderr = false});
  size_t broken = 0;
  for (const uint64_t seed : {394, 752}) broken += runner.RunApart(seed, {}).failed() ? 1 : 0;
  EXPECT_GT(broken, 0u) << "F135 holds now: check it in SomeNodesWithFaults instead";
}

}  // namespace
}  // namespace troupe
