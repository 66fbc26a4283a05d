#include "troupe/sim/sim_signals.h"

#include <set>
#include <utility>

#include "troupe/base/status_macros.h"
#include "troupe/loop/liveness.h"
#include "troupe/loop/signal_number.h"

namespace troupe {
namespace {

constexpr int kSenderPid = 1;

}  // namespace

class SimSignals::Subscription final : public SignalSource, private SimSource {
 public:
  Subscription(SimSignals& signals, SimPoller& poller, const std::vector<int>& caught,
               SignalHandler* handler)
      : SimSource(poller),
        signals_(signals),
        caught_(caught.begin(), caught.end()),
        handler_(*handler) {
    signals_.subscriptions_.push_back(this);
  }
  ~Subscription() override { std::erase(signals_.subscriptions_, this); }

  bool Raise(int signal) {
    if (!caught_.contains(signal)) return false;
    pending_.insert(signal);
    SetReady(true);
    return true;
  }

 private:
  void OnReady() override {
    SetReady(false);
    Liveness::Watch watch(liveness_);
    for (const int signal : std::exchange(pending_, {})) {
      handler_.OnSignal(signal, kSenderPid);
      if (!watch.alive()) return;
    }
  }

  SimSignals& signals_;
  const std::set<int> caught_;
  SignalHandler& handler_;
  std::set<int> pending_;
  Liveness liveness_;
};

absl::StatusOr<std::unique_ptr<SignalSource>> SimSignals::Catch(SimPoller& poller,
                                                                const std::vector<int>& signals,
                                                                SignalHandler* handler) {
  for (const int signal : signals) TROUPE_RETURN_IF_ERROR(CheckCatchable(signal));
  return std::make_unique<Subscription>(*this, poller, signals, handler);
}

bool SimSignals::Raise(int signal) {
  bool heard = false;
  for (Subscription* const subscription : subscriptions_) heard |= subscription->Raise(signal);
  return heard;
}

}  // namespace troupe
