#include "troupe/sim/sim_listener.h"

#include <algorithm>
#include <utility>

#include "troupe/base/status_macros.h"
#include "troupe/sim/sim_stream.h"

namespace troupe {
namespace {

constexpr size_t kWaitingMax = 4096;
constexpr absl::Duration kPause = absl::Milliseconds(10);

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> SimListener::Make(SimPoller& poller, SimNetwork& network,
                                                            const SocketAddress& address,
                                                            int accepts_per_turn_max,
                                                            ListenerHandler* handler) {
  std::unique_ptr<SimListener> listener(
      new SimListener(poller, network, accepts_per_turn_max, handler));
  TROUPE_ASSIGN_OR_RETURN(listener->local_, network.Bind(address, listener.get()));
  listener->bound_ = true;
  return std::unique_ptr<Listener>(std::move(listener));
}

SimListener::SimListener(SimPoller& poller, SimNetwork& network, int accepts_per_turn_max,
                         ListenerHandler* handler)
    : SimSource(poller),
      network_(network),
      host_(poller.host()),
      handler_(*handler),
      accepts_per_turn_max_(std::max(accepts_per_turn_max, 1)) {}

SimListener::~SimListener() {
  if (bound_) network_.Unbind(local_);
  ResetWaiting();
}

void SimListener::ResetWaiting() {
  for (const auto& connection : waiting_) {
    connection->Reset(SimConnection::kServer);
    connection->Close(SimConnection::kServer);
  }
  waiting_.clear();
}

void SimListener::OnReady() {
  Liveness::Watch watch(liveness_);
  for (int i = 0; i < accepts_per_turn_max_ && !waiting_.empty(); ++i) {
    if (!host_.calls.Make("accept4").ok()) return Pause();
    auto accepted = std::make_unique<SimPendingStream>(std::move(waiting_.front()));
    waiting_.pop_front();
    SetReady(!waiting_.empty());
    handler_.OnAccept(std::move(accepted));
    if (!watch.alive()) return;
  }
}

void SimListener::Pause() {
  SetReady(false);
  pause_ = std::make_shared<bool>();
  network_.scheduler().After(kPause, [this, pause = std::weak_ptr<bool>(pause_)] {
    if (pause.expired()) return;
    pause_.reset();
    SetReady(!waiting_.empty());
  });
}

bool SimListener::OnConnection(std::shared_ptr<SimConnection> connection) {
  if (waiting_.size() == kWaitingMax) return false;
  waiting_.push_back(std::move(connection));
  SetReady(pause_ == nullptr);
  return true;
}

void SimListener::OnCrash() {
  bound_ = false;
  ResetWaiting();
  SetReady(false);
}

}  // namespace troupe
