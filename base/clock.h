#ifndef TROUPE_BASE_CLOCK_H_
#define TROUPE_BASE_CLOCK_H_

#include "absl/time/time.h"
#include "troupe/base/instant.h"

namespace troupe {

// Where time comes from. Shards read it once a turn; everything else is handed the reading.
//
// Thread: any.
class Clock {
 public:
  virtual ~Clock() = default;

  // Never goes back. Does not run while the machine is suspended.
  virtual Instant Now() const = 0;

  // For log stamps and for people; nothing is decided by it.
  virtual absl::Time WallNow() const = 0;
};

}  // namespace troupe

#endif  // TROUPE_BASE_CLOCK_H_
