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

// Told that something about one end of a connection changed.
class SimEndWatcher {
 public:
  virtual void OnEndChanged() = 0;

 protected:
  ~SimEndWatcher() = default;
};

// One simulated TCP connection: what both kernels know of it, and the packets between them.
//
// Packets of one direction arrive in order, each after a delay of its own; while the two hosts
// are parted they wait, and after the timeout both ends fail.
//
// Lifetime: shared by its two ends, whichever closes last, and by the packets on their way.
// Bounds:   stream_buffer_bytes in flight and unread, each way.
class SimConnection final : public std::enable_shared_from_this<SimConnection> {
 public:
  enum Side : uint8_t { kClient, kServer };

  SimConnection(SimNetwork& network, SimHost& client, SocketAddress from, SocketAddress to);
  ~SimConnection();
  SimConnection(const SimConnection&) = delete;
  SimConnection& operator=(const SimConnection&) = delete;

  // Once, by whoever made it.
  void Open();
  void Watch(Side side, SimEndWatcher* watcher, absl::Duration timeout);

  // 0 when nothing has arrived.
  size_t Read(Side side, std::span<char> buffer);
  // 0 when there is no room.
  size_t Write(Side side, std::span<const std::span<const char>> pieces);
  void ShutdownWrite(Side side);
  // What has arrived and was not read makes it a reset.
  void Close(Side side);
  // Tells the other side that nothing comes any more; what was on its way there is lost.
  void Reset(Side side);
  // The process at this side is gone: the kernel closes for it, and the program hears nothing.
  void Crash(Side side);
  // This side ends with `why`.
  void Fail(Side side, absl::Status why);

  bool connected(Side side) const { return ends_[side].connected; }
  bool has_input(Side side) const { return !ends_[side].received.empty(); }
  bool input_ended(Side side) const { return ends_[side].input_ended; }
  bool has_room(Side side) const { return RoomOf(ends_[side]) > 0; }
  const absl::Status& failure(Side side) const { return ends_[side].failure; }
  const SocketAddress& address(Side side) const { return ends_[side].address; }
  const SimHost* host(Side side) const { return ends_[side].host; }

  // The network's.
  void OnParted();
  void OnHealed();

 private:
  enum class Kind : uint8_t { kOpen, kAccept, kData, kEnd, kReset, kRoom };

  struct Packet {
    Kind kind;
    std::string bytes = {};
    size_t room_bytes = 0;  // That the receiver has read.
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
    size_t stalled = 0;      // Arrivals that a partition holds back.
    uint64_t giving_up = 0;  // On this parting, after the timeout.
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
  // Which parting keeps the ends apart; 0 when none does.
  uint64_t Parting() const;
  void GiveUpOnParting(Side side);
  void Changed(Side side);

  SimNetwork& network_;
  SimScheduler& scheduler_;
  const uint64_t id_;
  std::array<End, 2> ends_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_CONNECTION_H_
