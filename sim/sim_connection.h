#ifndef TROUPE_SIM_SIM_CONNECTION_H_
#define TROUPE_SIM_SIM_CONNECTION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "troupe/loop/socket.h"
#include "troupe/sim/sim_host.h"
#include "troupe/sim/sim_network.h"
#include "troupe/sim/sim_scheduler.h"

namespace troupe {

// Notified of changes at one end of a connection.
class SimEndWatcher {
 public:
  virtual void OnEndChanged() = 0;

 protected:
  ~SimEndWatcher() = default;
};

// A simulated TCP connection: the state that both kernels keep, and the packets between them.
//
// Packets of one direction arrive in order, each after a delay of its own. While their way is cut
// they wait, and as none is acknowledged then, both ends fail after their timeout.
//
// Lifetime: shared by both ends and by the packets in flight.
// Bounds:   stream_buffer_bytes in flight and unread, each way.
class SimConnection final : public std::enable_shared_from_this<SimConnection> {
 public:
  enum Side : uint8_t { kClient, kServer };

  SimConnection(SimNetwork& network, SimHost& client, SocketAddress from, SocketAddress to);
  ~SimConnection();
  SimConnection(const SimConnection&) = delete;
  SimConnection& operator=(const SimConnection&) = delete;

  // Called once, by the connection's creator.
  void Open();
  void Watch(Side side, SimEndWatcher* watcher, absl::Duration timeout);

  // Returns 0 if nothing has arrived.
  size_t Read(Side side, std::span<char> buffer);
  // Returns 0 if there is no space.
  size_t Write(Side side, std::span<const std::span<const char>> pieces);
  void ShutdownWrite(Side side);
  // Closes this side; with unread input, resets the connection.
  void Close(Side side);
  // Resets the connection for the other side; what is in flight to it is lost.
  void Reset(Side side);
  // Closes this side as the kernel does after its process is gone; the program is not notified.
  void Crash(Side side);
  // Fails this side with `why`.
  void Fail(Side side, absl::Status why);
  // This side's machine is off: nobody hears of it.
  void Vanish(Side side);
  // Both ends find the connection reset, and what was in flight is lost.
  void Break();

  bool connected(Side side) const { return ends_[side].connected; }
  bool has_input(Side side) const { return !ends_[side].received.empty(); }
  bool input_ended(Side side) const { return ends_[side].input_ended; }
  bool has_room(Side side) const { return RoomOf(ends_[side]) > 0; }
  const absl::Status& failure(Side side) const { return ends_[side].failure; }
  const SocketAddress& address(Side side) const { return ends_[side].address; }
  const SimHost* host(Side side) const { return ends_[side].host; }

  // Called by the network.
  void OnTrouble();
  void OnHealed();

 private:
  enum class Kind : uint8_t { kOpen, kAccept, kData, kEnd, kReset, kRoom };

  struct Packet {
    Kind kind;
    std::string bytes = {};
    size_t room_bytes = 0;  // Read by the receiver.
  };

  struct End {
    SimHost* host = nullptr;
    SocketAddress address;
    SimEndWatcher* watcher = nullptr;
    absl::Duration timeout = absl::Seconds(10);
    bool connected = false;
    bool closed = false;
    bool input_ended = false;
    bool output_ended = false;
    std::string received;
    size_t unread_by_peer_bytes = 0;
    absl::Status failure;
    std::deque<Packet> sent;  // In flight from here.
    Instant last_arrival;
    size_t stalled = 0;      // Arrivals held back by a cut.
    uint64_t giving_up = 0;  // The trouble whose timeout is scheduled.
  };

  static Side Other(Side side) { return side == kClient ? kServer : kClient; }
  size_t RoomOf(const End& end) const;
  bool dead(Side side) const { return ends_[side].closed || !ends_[side].failure.ok(); }
  void Send(Side from, Packet packet);
  void ScheduleArrival(Side from);
  void Arrive(Side from);
  void Receive(Side at, const Packet& packet);
  void ReceiveOpen();
  void ReceiveData(Side at, std::string_view bytes);
  // Null for a server's that nobody has accepted at yet and nobody listens at.
  const SimHost* HostOf(Side side) const;
  bool IsCut(Side from) const;
  uint64_t Trouble() const;
  void GiveUpInTrouble(Side side);
  // Of this connection, that it is opened in vain. False if it is not.
  bool LosesOpen();
  void Changed(Side side);

  SimNetwork& network_;
  SimScheduler& scheduler_;
  const uint64_t id_;
  std::array<End, 2> ends_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_CONNECTION_H_
