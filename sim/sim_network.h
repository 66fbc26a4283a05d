#ifndef TROUPE_SIM_SIM_NETWORK_H_
#define TROUPE_SIM_SIM_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "troupe/base/instant.h"
#include "troupe/loop/socket.h"
#include "troupe/sim/link_options.h"
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

// The addresses of one simulation, and the ways between its hosts, each in one direction. All hosts
// share one address space: two nodes may listen on two ports of 127.0.0.1, or on addresses of their
// own.
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
  // The host that listens there, or did when it was switched off. Returns null if there is none.
  SimHost* HostAt(const SocketAddress& address) const;
  // Returns an address with a port that nobody listens on.
  SocketAddress Ephemeral(const std::string& host);
  // Whether somebody listens there, or `host` on all its addresses or on one that `address` stands
  // for.
  bool InUse(const SocketAddress& address, const SimHost& host) const;

  // What `from` sends to `to` waits until the way is healed.
  void Cut(const SimHost& from, const SimHost& to);
  void Heal(const SimHost& from, const SimHost& to);
  bool IsCut(const SimHost& from, const SimHost& to) const;
  // Other than 0 while one of the ways between the two is cut; another one after each change.
  uint64_t TroubleOf(const SimHost& a, const SimHost& b) const;

  // Of all ways that have no options of their own.
  void SetLinks(const LinkOptions& options) { links_ = options; }
  void SetLink(const SimHost& from, const SimHost& to, const LinkOptions& options);
  // Null: of a machine that is not known.
  const LinkOptions& LinkOf(const SimHost* from, const SimHost* to) const;
  // When `bytes` that are sent now have left, at the pace of the way.
  Instant Departure(const SimHost* from, const SimHost* to, size_t bytes);
  // Breaks the connections between the two.
  void Break(const SimHost& a, const SimHost& b);
  // Breaks the connection on which `bytes` more have arrived at `to`.
  void BreakAfter(const SimHost& from, const SimHost& to, uint64_t bytes);
  void CancelBreak(const SimHost& from, const SimHost& to) {
    WayOf(from, to).bytes_to_break.reset();
  }
  // Of `bytes` that arrive: how many before the connection breaks; `bytes` and more if it does not.
  size_t BreaksAt(const SimHost* from, const SimHost* to, size_t bytes);

  // Closes the host's listeners and connections.
  void Crash(SimHost& host);
  // The same without a word to anybody: whoever sends there waits in vain.
  void SwitchOff(SimHost& host);
  void SwitchOn(SimHost& host);

  // Called by connections.
  uint64_t Join(SimConnection& connection);
  void Leave(uint64_t id) { connections_.erase(id); }

 private:
  using Address = std::pair<std::string, uint16_t>;

  static Address Key(const SocketAddress& address) { return {address.host, address.port}; }
  struct Way {
    std::optional<LinkOptions> options;
    uint64_t cut = 0;
    Instant free_from = {};
    std::optional<uint64_t> bytes_to_break;
  };

  void TellHealed();
  // Returns their addresses.
  std::vector<Address> CloseListeners(const SimHost& host);
  Way& WayOf(const SimHost& from, const SimHost& to) { return ways_[{from.index, to.index}]; }
  // Null if nothing was ever said of it.
  const Way* FindWay(const SimHost* from, const SimHost* to) const;
  std::vector<std::shared_ptr<SimConnection>> Between(const SimHost& a, const SimHost& b) const;

  SimScheduler& scheduler_;
  std::map<Address, SimAcceptor*> bound_;
  std::map<uint64_t, SimConnection*> connections_;
  std::map<Address, SimHost*> dark_;  // Of hosts that are off.
  LinkOptions links_;
  std::map<std::pair<int, int>, Way> ways_;
  uint64_t last_connection_ = 0;
  uint64_t last_change_ = 0;  // Of a way.
  uint16_t next_port_ = 0;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_NETWORK_H_
