#include "troupe/sim/simulation_options.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "troupe/base/check.h"
#include "troupe/base/instant.h"
#include "troupe/base/text.h"

namespace troupe {
namespace {

constexpr char kSeed[] = "TROUPE_SIM_SEED";
constexpr char kSeeds[] = "TROUPE_SIM_SEEDS";

}  // namespace

absl::Duration Draw(Random& random, const DelayRange& range) {
  const int64_t min = NanosRoundedUp(range.min);
  const int64_t max = std::max(NanosRoundedUp(range.max), min);
  return absl::Nanoseconds(
      min + static_cast<int64_t>(random.Below(static_cast<uint64_t>(max - min) + 1)));
}

uint64_t SimulationNumber(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return otherwise;
  uint64_t number = 0;
  TROUPE_CHECK_MSG(absl::SimpleAtoi(text, &number),
                   StdView(absl::StrCat(variable, " is no number: ", text)));
  return number;
}

uint64_t SimulationSeed(uint64_t otherwise) { return SimulationNumber(kSeed, otherwise); }

std::vector<uint64_t> SimulationSeeds(size_t count) {
  if (std::getenv(kSeed) != nullptr) return {SimulationSeed()};
  const uint64_t wanted = SimulationNumber(kSeeds, count);
  std::vector<uint64_t> seeds;
  for (uint64_t seed = 1; seed <= wanted; ++seed) seeds.push_back(seed);
  return seeds;
}

}  // namespace troupe
