#include "troupe/transport/frame_reader.h"

#include <cstring>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "troupe/tests/transport/raw_peer.h"

namespace troupe::internal {
namespace {

constexpr size_t kMax = 1 << 20;

// What a reader makes of bytes that come in pieces, as a connection reads them.
class Reading {
 public:
  explicit Reading(size_t frame_bytes_max = kMax) : reader_(frame_bytes_max) {}

  FrameError Take(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> room = reader_.Room(shared_);
      const size_t count = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), count);
      bytes.remove_prefix(count);
      const FrameError error = reader_.Take(room.first(count), [this](const Frame& frame) {
        payloads_.emplace_back(frame.payload);
        return true;
      });
      if (error != FrameError::kNone) return error;
    }
    return FrameError::kNone;
  }

  const std::vector<std::string>& payloads() const { return payloads_; }
  bool mid_frame() const { return reader_.mid_frame(); }

 private:
  FrameReader reader_;
  char shared_[65536];
  std::vector<std::string> payloads_;
};

const std::vector<std::string> kPayloads = {"", "a", "second", std::string(100, 'x')};

std::string AllFrames() {
  std::string bytes;
  for (const std::string& payload : kPayloads) {
    bytes += Bytes(Bare(FrameType::kResponse), payload);
  }
  return bytes;
}

TEST(FrameReaderTest, AllFramesOfOneRead) {
  Reading reading;
  EXPECT_EQ(reading.Take(AllFrames()), FrameError::kNone);
  EXPECT_EQ(reading.payloads(), kPayloads);
  EXPECT_FALSE(reading.mid_frame());
}

TEST(FrameReaderTest, EverySplitPoint) {
  const std::string bytes = AllFrames();
  for (size_t split = 0; split <= bytes.size(); ++split) {
    Reading reading;
    EXPECT_EQ(reading.Take(bytes.substr(0, split)), FrameError::kNone);
    EXPECT_EQ(reading.Take(bytes.substr(split)), FrameError::kNone);
    EXPECT_EQ(reading.payloads(), kPayloads) << split;
  }
}

TEST(FrameReaderTest, ByteByByte) {
  Reading reading;
  for (const char byte : AllFrames()) {
    EXPECT_EQ(reading.Take(std::string(1, byte)), FrameError::kNone);
  }
  EXPECT_EQ(reading.payloads(), kPayloads);
}

TEST(FrameReaderTest, LargeFramesInPiecesOfAnySize) {
  const std::string large = Bytes(Bare(FrameType::kItem), std::string(700'000, 'l'));
  const std::string bytes = large + AllFrames() + large;
  for (const size_t piece : {1'000, 16'384, 65'536, 100'000, 1'000'000}) {
    Reading reading;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      EXPECT_EQ(reading.Take(bytes.substr(at, piece)), FrameError::kNone);
    }
    ASSERT_EQ(reading.payloads().size(), kPayloads.size() + 2) << piece;
    EXPECT_EQ(reading.payloads().front().size(), 700'000);
    EXPECT_EQ(reading.payloads().back(), std::string(700'000, 'l'));
    EXPECT_FALSE(reading.mid_frame());
  }
}

TEST(FrameReaderTest, F3_LongFrameIsRefusedByItsLengthAlone) {
  for (const uint32_t length : {uint32_t{kMax} - 3, 0x7fffffffu, 0x80000000u, 0xffffffffu, 0u}) {
    Reading reading;
    const std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
    EXPECT_EQ(reading.Take(bytes.substr(0, 3)), FrameError::kNone);
    EXPECT_EQ(reading.Take(bytes.substr(3)),
              length == 0 ? FrameError::kTooShort : FrameError::kTooLong);
    EXPECT_TRUE(reading.payloads().empty());
  }
}

TEST(FrameReaderTest, F4_TruncatedFrameIsNeverUsed) {
  const std::string bytes = Bytes(Bare(FrameType::kResponse), "payload");
  for (size_t size = 1; size < bytes.size(); ++size) {
    Reading reading;
    EXPECT_EQ(reading.Take(bytes.substr(0, size)), FrameError::kNone);
    EXPECT_TRUE(reading.payloads().empty());
    EXPECT_TRUE(reading.mid_frame());
  }
}

TEST(FrameReaderTest, StopsWhenToldTo) {
  FrameReader reader(kMax);
  const std::string bytes = AllFrames();
  int frames = 0;
  EXPECT_EQ(reader.Take(bytes, [&](const Frame&) { return ++frames < 2; }), FrameError::kNone);
  EXPECT_EQ(frames, 2);
}

}  // namespace
}  // namespace troupe::internal
