#ifndef TROUPE_BENCH_FRAME_BUFFER_H_
#define TROUPE_BENCH_FRAME_BUFFER_H_

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

namespace troupe::bench {

// Bytes that were received, cut into frames where they lie.
//
// Bounds: small while a connection is idle; grows at the first read that fills it, and for a
//         frame that does not fit.
class FrameBuffer {
 public:
  static constexpr size_t kHeaderBytes = 4;
  // The whole frame's bytes, from its first kHeaderBytes.
  using FrameBytes = size_t (*)(const char* header);

  explicit FrameBuffer(FrameBytes frame_bytes) : frame_bytes_(frame_bytes), bytes_(kIdleBytes) {}

  // Where to receive to, and how much.
  char* room() { return bytes_.data() + end_; }
  size_t room_bytes() const { return bytes_.size() - end_; }
  void Received(size_t count) {
    end_ += count;
    if (end_ == bytes_.size() && bytes_.size() < kBusyBytes) bytes_.resize(kBusyBytes);
  }

  // The next whole frame; stays until more is received. False when there is none.
  bool Next(std::string_view& frame) {
    const char* const begin = bytes_.data() + begin_;
    const size_t available = end_ - begin_;
    const size_t needed = available < kHeaderBytes ? kHeaderBytes : frame_bytes_(begin);
    if (available < needed) {
      MakeRoom(needed);
      return false;
    }
    frame = std::string_view(begin, needed);
    begin_ += needed;
    return true;
  }

 private:
  static constexpr size_t kIdleBytes = 1024;
  static constexpr size_t kBusyBytes = 72 * 1024;

  // For a frame of which not all is there.
  void MakeRoom(size_t frame_bytes) {
    if (begin_ == end_) {
      begin_ = end_ = 0;
    } else if (bytes_.size() - begin_ < frame_bytes || room_bytes() < bytes_.size() / 8) {
      std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (bytes_.size() < frame_bytes) bytes_.resize(frame_bytes);
  }

  const FrameBytes frame_bytes_;
  std::vector<char> bytes_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_FRAME_BUFFER_H_
