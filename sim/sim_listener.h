#ifndef TROUPE_SIM_SIM_LISTENER_H_
#define TROUPE_SIM_SIM_LISTENER_H_

#include <deque>
#include <memory>

#include "absl/status/statusor.h"
#include "troupe/loop/liveness.h"
#include "troupe/loop/socket.h"
#include "troupe/sim/sim_connection.h"
#include "troupe/sim/sim_network.h"
#include "troupe/sim/sim_poller.h"

namespace troupe {

// A simulated listener.
//
// Bounds: 4096 waiting connections; more are refused.
class SimListener final : public Listener, private SimSource, private SimAcceptor {
 public:
  static absl::StatusOr<std::unique_ptr<Listener>> Make(SimPoller& poller, SimNetwork& network,
                                                        const SocketAddress& address,
                                                        int accepts_per_turn_max,
                                                        ListenerHandler* handler);
  ~SimListener() override;

  SocketAddress local_address() const override { return local_; }

 private:
  SimListener(SimPoller& poller, SimNetwork& network, int accepts_per_turn_max,
              ListenerHandler* handler);

  void ResetWaiting();
  // Without descriptors it waits a while and tries again, as others do.
  void Pause();
  void OnReady() override;
  bool OnConnection(std::shared_ptr<SimConnection> connection) override;
  void OnCrash() override;
  SimHost& host() override { return host_; }

  SimNetwork& network_;
  SimHost& host_;
  ListenerHandler& handler_;
  const int accepts_per_turn_max_;
  SocketAddress local_;
  bool bound_ = false;
  std::deque<std::shared_ptr<SimConnection>> waiting_;
  std::shared_ptr<bool> pause_;  // Set while it waits.
  Liveness liveness_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_LISTENER_H_
