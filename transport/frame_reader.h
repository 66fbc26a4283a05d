#ifndef TROUPE_TRANSPORT_FRAME_READER_H_
#define TROUPE_TRANSPORT_FRAME_READER_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "troupe/transport/byte_buffer.h"
#include "troupe/transport/frame.h"

namespace troupe::internal {

// Cuts a connection's bytes into frames.
//
// Bounds: keeps the bytes of one incomplete frame, and nothing between frames. A frame's length is
//         judged before anything of it is kept, and memory is taken as bytes arrive, not as
//         announced.
class FrameReader {
 public:
  explicit FrameReader(size_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

  void set_frame_bytes_max(size_t bytes) { frame_bytes_max_ = bytes; }

  // Returns where the next read should go: `shared`, or the rest of a large frame's own memory.
  std::span<char> Room(std::span<char> shared);

  // Takes `bytes`, read into a place from Room(), and calls `use` for each whole frame until it
  // returns false. After an error the reader must not be used again.
  FrameError Take(std::span<const char> bytes, absl::FunctionRef<bool(const Frame&)> use);

  bool mid_frame() const { return !partial_.empty(); }

 private:
  // A shorter rest of a frame is read together with what follows it.
  static constexpr size_t kOwnReadBytes = 16384;
  static constexpr size_t kAheadBytes = 131072;

  FrameError Use(std::string_view whole, absl::FunctionRef<bool(const Frame&)> use);

  size_t frame_bytes_max_;
  ByteBuffer partial_;
  size_t room_ = 0;  // At the end of partial_, handed out by Room().
  bool going_on_ = true;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_FRAME_READER_H_
