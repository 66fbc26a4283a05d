#ifndef TROUPE_SIM_SIM_SOCKET_H_
#define TROUPE_SIM_SIM_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "troupe/base/instant.h"
#include "troupe/loop/local_socket.h"
#include "troupe/loop/poller.h"
#include "troupe/sim/sim_scheduler.h"
#include "troupe/sim/simulation_options.h"

namespace troupe {

struct SimSocketOptions {
  // Bytes on their way to the program, besides about as many that it has not read.
  size_t buffer_bytes = 64u << 10;
  // The delay of each piece on its way to the program.
  // Default: the run's network_delay.
  std::optional<DelayRange> delay = std::nullopt;
};

// The test's end of a connection whose other end a program watches: the world that it talks to.
//
//   const auto world = simulation.MakeSocket();
//   system->Spawn<Reader>({}, world->program_end());
//   world->Write("hello");
//   simulation.RunUntil([&] { return world->Read() == "hello yourself"; });
//
// Lifetime: ends before its Simulation; the destructor closes at once. Close it, or destroy it,
// when
//           the node crashes: otherwise it sees what the destructors of the node's actors write.
// Bounds:   options.buffer_bytes on their way to the program; the kernel's socket buffers.
class SimSocket final : private FdHandler {
 public:
  SimSocket(SimScheduler& scheduler, const SimSocketOptions& options);
  ~SimSocket();
  SimSocket(const SimSocket&) = delete;
  SimSocket& operator=(const SimSocket&) = delete;

  // The program's end, non-blocking. Belongs to the program, which closes it.
  int program_end() const { return program_end_; }

  // Takes as many of `bytes` as there is room for, and returns how many. They arrive in order, in
  // pieces that the run draws, and wait while the kernel's buffer is full.
  size_t Write(std::string_view bytes);
  // Takes all that the program has written.
  std::string Read();
  // Returns whether the program has closed its end, known once Read() or a piece found it closed.
  bool ended() const { return ended_; }
  // Closes this end behind what is on its way.
  void Close();

 private:
  void OnFdReady(uint32_t events) override;
  // An empty piece stands for the close.
  void SendPiece(std::string bytes);
  // As far as the kernel takes what has arrived.
  void Deliver();
  bool WritePiece(std::string& piece);
  void AwaitRoom();
  void End();

  SimScheduler& scheduler_;
  const size_t buffer_bytes_;
  const DelayRange delay_;
  LocalSocket end_;
  int program_end_ = -1;
  std::deque<std::string> pieces_;
  size_t pieces_bytes_ = 0;
  size_t arrived_count_ = 0;  // Of pieces_, its first.
  Instant last_arrival_;
  WatchId room_;  // Set while the kernel's buffer is full.
  bool closing_ = false;
  bool ended_ = false;
  // Arrivals have no effect once this is destroyed.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_SOCKET_H_
