// A random program on one node: actors that send, ask, stream, watch, time, fail, stop and spawn by
// the seed, on some shards. Whatever it does, what the runtime promises of each of these holds.

#include "gtest/gtest.h"
#include "tests/sim/random_program/cluster.h"
#include "troupe/sim/for_each_seed.h"
#include "troupe/sim/sim_run.h"

namespace troupe {
namespace {

TEST(RandomProgramTest, OneNode) {
  ForEachSeed([](SimRun& run) { RunCalm(run, 1); });
}

}  // namespace
}  // namespace troupe
