#include "troupe/transport/frame_reader.h"

namespace troupe::internal {

std::span<char> FrameReader::Room(std::span<char> shared) {
  if (partial_.size() < kLengthBytes) return shared;
  size_t whole = 0;
  if (FrameBytes(partial_.data(), frame_bytes_max_, whole) != FrameError::kNone) return shared;
  const size_t rest = whole - partial_.size();
  if (rest < kOwnReadBytes) return shared;
  room_ = std::min(rest, std::max(partial_.size(), kAheadBytes));
  char* const place = partial_.Grow(room_);
  partial_.Shrink(room_);
  return {place, room_};
}

FrameError FrameReader::Take(std::span<const char> bytes,
                             absl::FunctionRef<bool(const Frame&)> use) {
  const char* in = bytes.data();
  size_t left = bytes.size();
  const bool in_place = room_ > 0;
  room_ = 0;
  if (in_place) {
    partial_.Grow(left);  // The bytes are there already.
    in += left;
    left = 0;
  }
  while (!partial_.empty()) {
    size_t wanted = kLengthBytes;
    if (partial_.size() >= kLengthBytes) {
      const FrameError error = FrameBytes(partial_.data(), frame_bytes_max_, wanted);
      if (error != FrameError::kNone) return error;
      if (partial_.size() == wanted) {
        const FrameError bad = Use(partial_.view(), use);
        partial_.Release();
        if (bad != FrameError::kNone || !going_on_) return bad;
        break;
      }
    }
    if (left == 0) return FrameError::kNone;
    const size_t count = std::min(wanted - partial_.size(), left);
    std::memcpy(partial_.Grow(count), in, count);
    in += count;
    left -= count;
  }
  while (left >= kLengthBytes) {
    size_t whole = 0;
    FrameError error = FrameBytes(in, frame_bytes_max_, whole);
    if (error != FrameError::kNone) return error;
    if (left < whole) break;
    error = Use({in, whole}, use);
    if (error != FrameError::kNone || !going_on_) return error;
    in += whole;
    left -= whole;
  }
  if (left > 0) std::memcpy(partial_.Grow(left), in, left);
  return FrameError::kNone;
}

FrameError FrameReader::Use(std::string_view whole, absl::FunctionRef<bool(const Frame&)> use) {
  Frame frame;
  const FrameError error = DecodeFrame(whole, frame);
  if (error == FrameError::kNone) going_on_ = use(frame);
  return error;
}

}  // namespace troupe::internal
