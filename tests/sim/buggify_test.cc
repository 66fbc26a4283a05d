// TROUPE_BUGGIFY: only in a simulation that wants it, by the seed and the site's name.

#include "troupe/base/buggify.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "troupe/sim/sim_buggify.h"
#include "troupe/sim/simulation.h"

namespace troupe {
namespace {

constexpr int kCalls = 1000;

// How often each of some sites fires.
std::vector<int> Fired(uint64_t seed, double sites, double firings) {
  const Simulation simulation(
      {.seed = seed, .buggify_sites = sites, .buggify_firings = firings, .log_to_stderr = false});
  std::vector<int> fired(4);
  for (int i = 0; i < kCalls; ++i) {
    fired[0] += TROUPE_BUGGIFY("one") ? 1 : 0;
    fired[1] += TROUPE_BUGGIFY("two") ? 1 : 0;
    fired[2] += TROUPE_BUGGIFY("three") ? 1 : 0;
    fired[3] += TROUPE_BUGGIFY("four") ? 1 : 0;
  }
  return fired;
}

TEST(BuggifyTest, NothingFiresOutsideOfASimulationOrInOneWithoutTheOption) {
  EXPECT_FALSE(TROUPE_BUGGIFY("outside"));
  EXPECT_EQ(Fired(1, 0, 1), std::vector<int>(4));
  EXPECT_FALSE(TROUPE_BUGGIFY("outside"));
}

TEST(BuggifyTest, ASiteThatIsOnFiresAsOftenAsItShould) {
  for (const int fired : Fired(1, 1, 0.1)) {
    EXPECT_GT(fired, kCalls / 20);
    EXPECT_LT(fired, kCalls / 5);
  }
}

TEST(BuggifyTest, AShareOfTheSitesIsOnAndTheSeedSaysWhich) {
  size_t on = 0;
  std::set<std::vector<int>> different;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const std::vector<int> fired = Fired(seed, 0.25, 1);
    EXPECT_EQ(fired, Fired(seed, 0.25, 1));
    different.insert(fired);
    for (const int each : fired) on += each > 0 ? 1 : 0;
  }
  EXPECT_GT(on, 70u);
  EXPECT_LT(on, 130u);
  EXPECT_GT(different.size(), 8u);
}

TEST(BuggifyTest, WhetherASiteIsOnDoesNotDependOnOtherSites) {
  SimBuggify alone(3, 0.5, 1);
  SimBuggify among(3, 0.5, 1);
  for (const char* const site : {"a", "b", "c", "d", "e", "f"}) among.Fires(site);
  EXPECT_EQ(alone.Fires("f"), among.sites().find("f")->second.on);
}

}  // namespace
}  // namespace troupe
