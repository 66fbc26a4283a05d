#include "troupe/sim/sim_clock.h"

#include "troupe/base/check.h"

namespace troupe {
namespace {

constexpr int64_t kMillion = 1'000'000;

// Exact, and rounded down.
int64_t MillionthsOf(int64_t nanos, int64_t millionths) {
  const __int128 product = static_cast<__int128>(nanos) * millionths;
  const __int128 quotient = product / kMillion;
  return static_cast<int64_t>(quotient - (product % kMillion < 0 ? 1 : 0));
}

}  // namespace

SimClock::SimClock(const Clock& world, const MachineOptions& options)
    : world_(world),
      start_(world.Now()),
      ahead_nanos_(NanosRoundedUp(options.clock_ahead)),
      gain_ppm_(options.clock_gain_ppm),
      wall_error_(options.wall_clock_error) {
  TROUPE_CHECK_MSG(-100'000 <= gain_ppm_ && gain_ppm_ <= 100'000,
                   "clock_gain_ppm is not from -100,000 to 100,000");
}

Instant SimClock::Reading(Instant world) const {
  const int64_t elapsed_nanos = world.nanos - start_.nanos;
  return {world.nanos + ahead_nanos_ + MillionthsOf(elapsed_nanos, gain_ppm_)};
}

Instant SimClock::WorldAt(Instant reading) const {
  if (reading.is_infinite()) return reading;
  // Near it, and then exactly it: the reading grows with the world's time, if not evenly.
  const int64_t shown_nanos = reading.nanos - ahead_nanos_ - start_.nanos;
  const __int128 scaled = static_cast<__int128>(shown_nanos) * kMillion / (kMillion + gain_ppm_);
  Instant world = {start_.nanos + static_cast<int64_t>(scaled)};
  while (Reading(world) >= reading) --world.nanos;
  while (Reading(world) < reading) ++world.nanos;
  return world;
}

}  // namespace troupe
