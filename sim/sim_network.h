#ifndef TROUPE_SIM_SIM_NETWORK_H_
#define TROUPE_SIM_SIM_NETWORK_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "troupe/loop/socket.h"
#include "troupe/sim/sim_host.h"
#include "troupe/sim/sim_scheduler.h"

namespace troupe {

class SimConnection;

// Receives connections to an address.
class SimAcceptor {
 public:
  // Returns false to refuse the connection.
  virtual bool OnConnection(std::shared_ptr<SimConnection> connection) = 0;
  // Called after a crash of the acceptor's process.
  virtual void OnCrash() = 0;
  virtual SimHost& host() = 0;

 protected:
  ~SimAcceptor() = default;
};

// The addresses of one simulation, and which hosts cannot reach each other. All hosts share one
// address space: two nodes may listen on two ports of 127.0.0.1, or on addresses of their own.
//
// Thread:   the simulation's.
// Lifetime: outlives the connections.
class SimNetwork {
 public:
  explicit SimNetwork(SimScheduler& scheduler) : scheduler_(scheduler) {}
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  SimScheduler& scheduler() { return scheduler_; }

  // Returns the address, with a port assigned if 0 was asked for.
  // Errors: FAILED_PRECONDITION if it is in use; INVALID_ARGUMENT for a malformed address.
  absl::StatusOr<SocketAddress> Bind(const SocketAddress& address, SimAcceptor* acceptor);
  void Unbind(const SocketAddress& address) { bound_.erase(Key(address)); }
  // Returns null if nobody listens there.
  SimAcceptor* Find(const SocketAddress& address) const;
  // Returns an address with a port that nobody listens on.
  SocketAddress Ephemeral(const std::string& host);
  // Whether somebody listens there, or `host` on all its addresses or on one that `address` stands
  // for.
  bool InUse(const SocketAddress& address, const SimHost* host) const;

  void Part(const SimHost& a, const SimHost& b);
  void Heal(const SimHost& a, const SimHost& b);
  // The partition between the two hosts; 0 if there is none.
  uint64_t PartingOf(const SimHost& a, const SimHost& b) const;
  // Closes the host's listeners and connections.
  void Crash(SimHost& host);

  // Called by connections.
  uint64_t Join(SimConnection& connection);
  void Leave(uint64_t id) { connections_.erase(id); }

 private:
  using Address = std::pair<std::string, uint16_t>;

  static Address Key(const SocketAddress& address) { return {address.host, address.port}; }
  static std::pair<int, int> Key(const SimHost& a, const SimHost& b) {
    return std::minmax({a.index, b.index});
  }
  std::vector<std::shared_ptr<SimConnection>> Between(const SimHost& a, const SimHost& b) const;

  SimScheduler& scheduler_;
  std::map<Address, SimAcceptor*> bound_;
  std::map<uint64_t, SimConnection*> connections_;
  std::map<std::pair<int, int>, uint64_t> parted_;
  uint64_t last_connection_ = 0;
  uint64_t last_parting_ = 0;
  uint16_t next_port_ = 0;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_NETWORK_H_
