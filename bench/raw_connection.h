#ifndef TROUPE_BENCH_RAW_CONNECTION_H_
#define TROUPE_BENCH_RAW_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/echo.pb.h"

namespace troupe::bench {

// Whether the sender of a message waits for an answer.
enum class Answer { kWanted, kNotWanted };

struct RawFrame {
  std::string_view bytes;  // Until the next call of the connection.
  Answer answer;
};

// One TCP connection that carries messages and nothing else.
//
//   0  u32, little-endian: length of the message, the top bit set when no answer is wanted
//   4  the message, as protobuf has it
class RawConnection {
 public:
  // Owns `fd`, which does not block.
  explicit RawConnection(int fd);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  int fd() const { return fd_; }

  // Takes what has arrived, in one read. False at the connection's end.
  bool Read();
  // The next whole frame of what was read.
  bool Next(RawFrame& frame);

  void Append(const Msg& msg, Answer answer);
  // Sends what it can of what was appended. False at the connection's end.
  bool Flush();
  // Whether the latest Flush() left something over.
  bool waits_for_room() const { return waits_for_room_; }
  size_t unsent_bytes() const { return out_.size() - out_begin_; }

 private:
  void MakeRoom(size_t bytes);

  const int fd_;
  std::vector<char> in_;
  size_t in_begin_ = 0;
  size_t in_end_ = 0;
  std::string out_;
  size_t out_begin_ = 0;
  bool waits_for_room_ = false;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_RAW_CONNECTION_H_
