// Bytes of a connection, cut into frames: whatever they are, how they were cut into reads makes no
// difference, nothing is read beyond them, and a frame that was understood says the same when it
// is written again.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/base/check.h"
#include "troupe/transport/frame.h"
#include "troupe/transport/frame_reader.h"

namespace troupe::internal {
namespace {

constexpr size_t kFrameBytesMax = 1024;

std::string Encoded(Frame frame) {
  // Records are never written, and flags of no consequence mean nothing.
  frame.flags &= static_cast<uint16_t>(kKnownFlags & ~kHasRecords);
  std::string bytes(HeaderBytes(frame.flags) + frame.payload.size(), '\0');
  EncodeHeader(frame, frame.payload.size(), bytes.data());
  std::copy(frame.payload.begin(), frame.payload.end(), bytes.end() - frame.payload.size());
  return bytes;
}

void CheckSaysTheSameAgain(const Frame& frame) {
  const std::string once = Encoded(frame);
  Frame again;
  TROUPE_CHECK(DecodeFrame(once, again) == FrameError::kNone);
  TROUPE_CHECK(again.payload == frame.payload);
  TROUPE_CHECK(Encoded(again) == once);
}

struct Reading {
  std::vector<std::string> frames;
  FrameError error = FrameError::kNone;

  friend bool operator==(const Reading&, const Reading&) = default;
};

// What comes of `input` in reads of at most `read_bytes`.
Reading Read(std::string_view input, size_t read_bytes) {
  FrameReader reader(kFrameBytesMax);
  std::array<char, 4096> shared;
  Reading reading;
  while (!input.empty() && reading.error == FrameError::kNone) {
    const std::span<char> room = reader.Room(shared);
    const size_t count = std::min({room.size(), input.size(), read_bytes});
    std::memcpy(room.data(), input.data(), count);
    input.remove_prefix(count);
    reading.error = reader.Take(room.first(count), [&](const Frame& frame) {
      CheckSaysTheSameAgain(frame);
      reading.frames.push_back(Encoded(frame));
      return true;
    });
  }
  return reading;
}

}  // namespace
}  // namespace troupe::internal

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto whole = troupe::internal::Read(input, size + 1);
  for (const size_t read_bytes : {1, 3, 24, 100}) {
    TROUPE_CHECK(troupe::internal::Read(input, read_bytes) == whole);
  }
  return 0;
}
