#include "troupe/sim/simulation_options.h"

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "troupe/base/check.h"

namespace troupe {
namespace {

const char* SeedInEnvironment() { return std::getenv("TROUPE_SIM_SEED"); }

}  // namespace

uint64_t SimulationSeed(uint64_t otherwise) {
  const char* const text = SeedInEnvironment();
  if (text == nullptr) return otherwise;
  uint64_t seed = 0;
  TROUPE_CHECK_MSG(absl::SimpleAtoi(text, &seed), "TROUPE_SIM_SEED is no number");
  return seed;
}

std::vector<uint64_t> SimulationSeeds(size_t count) {
  if (SeedInEnvironment() != nullptr) return {SimulationSeed()};
  std::vector<uint64_t> seeds;
  for (uint64_t seed = 1; seed <= count; ++seed) seeds.push_back(seed);
  return seeds;
}

}  // namespace troupe
