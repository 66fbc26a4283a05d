#include "troupe/loop/posix_clock.h"

#include <ctime>

namespace troupe {
namespace {

timespec Read(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);  // Cannot fail for these clocks.
  return now;
}

}  // namespace

Instant PosixClock::Now() const {
  const timespec now = Read(CLOCK_MONOTONIC);
  return {int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec};
}

absl::Time PosixClock::WallNow() const { return absl::TimeFromTimespec(Read(CLOCK_REALTIME)); }

}  // namespace troupe
