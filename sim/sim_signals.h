#ifndef TROUPE_SIM_SIM_SIGNALS_H_
#define TROUPE_SIM_SIM_SIGNALS_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "troupe/loop/platform.h"
#include "troupe/sim/sim_poller.h"

namespace troupe {

// The signals of one simulated process.
//
// Lifetime: outlives its subscriptions.
class SimSignals {
 public:
  absl::StatusOr<std::unique_ptr<SignalSource>> Catch(SimPoller& poller,
                                                      const std::vector<int>& signals,
                                                      SignalHandler* handler);

  // Returns false if nobody catches `signal`.
  bool Raise(int signal);

 private:
  class Subscription;

  std::vector<Subscription*> subscriptions_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_SIGNALS_H_
