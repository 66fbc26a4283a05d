#ifndef TROUPE_BENCH_RAW_CONNECTION_H_
#define TROUPE_BENCH_RAW_CONNECTION_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "troupe/bench/frame_buffer.h"

namespace troupe::bench {

// One TCP connection of a RawLoop.
class RawConnection {
 public:
  // Owns `fd`, which does not block.
  RawConnection(int fd, FrameBuffer::FrameBytes frame_bytes);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  int fd() const { return fd_; }

  // Takes what has arrived, in one read. False at the connection's end.
  bool Read();
  // The next whole frame of what was read; good until the next call.
  bool Next(std::string_view& frame) { return in_.Next(frame); }

  // What the next Flush() sends is appended to this.
  std::string& out() { return out_; }
  // Sends what it can. False at the connection's end.
  bool Flush();
  size_t unsent_bytes() const { return out_.size() - sent_; }
  // Whether the latest Flush() left something over.
  bool waits_for_room() const { return waits_for_room_; }

 private:
  const int fd_;
  FrameBuffer in_;
  std::string out_;
  size_t sent_ = 0;  // Of `out_`.
  bool waits_for_room_ = false;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_RAW_CONNECTION_H_
