#ifndef TROUPE_BASE_INSTANT_H_
#define TROUPE_BASE_INSTANT_H_

#include <compare>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace troupe {

// A point on the monotonic clock, in nanoseconds since an origin that differs between processes.
// Never sent to another process and never compared with wall time.
//
// Bounds: saturates at both ends; Infinite() is later than any reading of a clock.
struct Instant {
  int64_t nanos = 0;

  static constexpr Instant Infinite() { return {std::numeric_limits<int64_t>::max()}; }
  constexpr bool is_infinite() const { return nanos == std::numeric_limits<int64_t>::max(); }

  friend constexpr auto operator<=>(Instant, Instant) = default;
};

// Returns `duration` in whole nanoseconds, rounded up so that a wait is never short: 0 if negative,
// the largest count if infinite.
inline int64_t NanosRoundedUp(absl::Duration duration) {
  if (duration <= absl::ZeroDuration()) return 0;
  const int64_t nanos = absl::ToInt64Nanoseconds(duration);
  const bool exact =
      nanos == std::numeric_limits<int64_t>::max() || absl::Nanoseconds(nanos) == duration;
  return exact ? nanos : nanos + 1;
}

// Returns the first instant that is not before `start` plus `wait`.
inline Instant operator+(Instant start, absl::Duration wait) {
  const int64_t nanos = NanosRoundedUp(wait);
  if (nanos >= Instant::Infinite().nanos - start.nanos) return Instant::Infinite();
  return {start.nanos + nanos};
}

inline absl::Duration operator-(Instant end, Instant start) {
  if (end.is_infinite()) return absl::InfiniteDuration();
  return absl::Nanoseconds(end.nanos - start.nanos);
}

}  // namespace troupe

#endif  // TROUPE_BASE_INSTANT_H_
