#ifndef TROUPE_BENCH_RAW_LOOP_H_
#define TROUPE_BENCH_RAW_LOOP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "troupe/bench/frame_buffer.h"
#include "troupe/bench/raw_connection.h"

namespace troupe::bench {

// The least that a server or client is: one epoll and what is called for each frame.
class RawLoop {
 public:
  // May append to the connection; what it appended is sent after all frames of one read.
  using OnFrame = std::function<void(RawConnection& connection, std::string_view frame)>;

  // A loop that spins never sleeps in the kernel.
  RawLoop(bool spin, FrameBuffer::FrameBytes frame_bytes, OnFrame on_frame);
  ~RawLoop();
  RawLoop(const RawLoop&) = delete;
  RawLoop& operator=(const RawLoop&) = delete;

  // Accepts connections on a loopback port, which it returns.
  // Errors: dies, as Connect() does.
  uint16_t Listen();
  RawConnection& Connect(uint16_t port);

  // Until Stop().
  void Run();
  void Stop() { stopped_ = true; }

 private:
  void Accept();
  RawConnection& Add(int fd);
  void Watch(int fd, uint32_t events, int operation);
  void Serve(int fd);
  // Also watches for room to send the rest.
  bool Flush(RawConnection& connection);

  const bool spin_;
  const FrameBuffer::FrameBytes frame_bytes_;
  const OnFrame on_frame_;
  const int epoll_;
  int listener_ = -1;
  bool stopped_ = false;
  std::unordered_map<int, std::unique_ptr<RawConnection>> connections_;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_RAW_LOOP_H_
