#ifndef TROUPE_BASE_RANDOM_H_
#define TROUPE_BASE_RANDOM_H_

#include <cstdint>

namespace troupe {

// A stream of pseudo-random numbers from one seed: the same seed gives the same stream on every
// platform. Not for secrets.
//
// Thread: shard-affine; each shard has its own, seeded through the platform.
// Source: xoshiro256**, Blackman and Vigna 2018; seeded by splitmix64.
class Random {
 public:
  using result_type = uint64_t;

  explicit Random(uint64_t seed);

  uint64_t Next();

  // Returns a number uniform in [0, bound). Requires bound > 0.
  uint64_t Below(uint64_t bound);

  // Returns a number uniform in [0, 1).
  double Unit();

  uint64_t operator()() { return Next(); }
  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return UINT64_MAX; }

 private:
  uint64_t state_[4];
};

}  // namespace troupe

#endif  // TROUPE_BASE_RANDOM_H_
