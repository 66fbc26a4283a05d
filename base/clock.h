#ifndef TROUPE_BASE_CLOCK_H_
#define TROUPE_BASE_CLOCK_H_

#include "absl/time/time.h"
#include "troupe/base/instant.h"

namespace troupe {

// The source of time. Shards read it once a turn and pass the reading on.
//
// Thread: any.
class Clock {
 public:
  virtual ~Clock() = default;

  // Never goes backwards. Stands still while the machine is suspended.
  virtual Instant Now() const = 0;

  // For log stamps and for display; no decision depends on it.
  virtual absl::Time WallNow() const = 0;
};

}  // namespace troupe

#endif  // TROUPE_BASE_CLOCK_H_
