#ifndef TROUPE_ACTORS_SUPERVISION_RESTART_WINDOW_H_
#define TROUPE_ACTORS_SUPERVISION_RESTART_WINDOW_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/base/instant.h"
#include "troupe/base/random.h"

namespace troupe::internal {

// Whether an actor that failed may be restarted, and after which wait.
//
// Bounds: RestartOptions::max instants.
class RestartWindow {
 public:
  // Counts a restart, if there may be one more.
  bool Take(const RestartOptions& options, int64_t now_nanos) {
    const int64_t window = NanosRoundedUp(options.within);
    std::erase_if(restarts_, [&](int64_t at) { return now_nanos - at >= window; });
    if (restarts_.empty()) failures_in_row_ = 0;
    if (restarts_.size() >= options.max) return false;
    restarts_.push_back(now_nanos);
    return true;
  }

  // Doubled at each failure in a row, and a random share of that: many that failed together do not
  // come back together.
  absl::Duration NextWait(const RestartOptions& options, Random& random) {
    const double factor = std::pow(2.0, std::min<uint32_t>(failures_in_row_++, 30));
    const absl::Duration most = std::min(options.backoff_min * factor, options.backoff_max);
    return std::max(most * (0.5 + 0.5 * random.Unit()), options.backoff_min);
  }

 private:
  std::vector<int64_t> restarts_;  // Monotonic nanoseconds of those inside the window.
  uint32_t failures_in_row_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SUPERVISION_RESTART_WINDOW_H_
