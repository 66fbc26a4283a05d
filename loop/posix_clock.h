#ifndef TROUPE_LOOP_POSIX_CLOCK_H_
#define TROUPE_LOOP_POSIX_CLOCK_H_

#include "troupe/base/clock.h"

namespace troupe {

// CLOCK_MONOTONIC with its own zero as the origin, so that an Instant is also an absolute time for
// system calls. The only file that reads a clock.
class PosixClock final : public Clock {
 public:
  Instant Now() const override;
  absl::Time WallNow() const override;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_CLOCK_H_
