#ifndef TROUPE_SIM_SIM_CALLS_H_
#define TROUPE_SIM_SIM_CALLS_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "troupe/base/random.h"

namespace troupe {

// The calls of one node that a kernel without descriptors, memory or threads refuses, or a full
// queue.
//
// Thread: the simulation's.
class SimCalls {
 public:
  // `random` is the run's.
  explicit SimCalls(Random& random) : random_(random) {}
  SimCalls(const SimCalls&) = delete;
  SimCalls& operator=(const SimCalls&) = delete;

  // One more call. RESOURCE_EXHAUSTED, with its name, if it is one that fails.
  absl::Status Make(std::string_view call);

  uint64_t count() const { return count_; }
  // The n-th call from now on fails; 0 for none.
  void FailNth(uint64_t n) { fails_at_ = n == 0 ? 0 : count_ + n; }
  // So many of all calls fail, from 0 to 1.
  void set_failing_share(double share) { failing_share_ = share; }

 private:
  Random& random_;
  uint64_t count_ = 0;
  uint64_t fails_at_ = 0;
  double failing_share_ = 0;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_CALLS_H_
