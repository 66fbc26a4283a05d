#include "troupe/transport/frame.h"

#include <string>

#include "gtest/gtest.h"
#include "troupe/actors/typing/method.h"
#include "troupe/tests/transport/raw_peer.h"

namespace troupe::internal {
namespace {

constexpr size_t kMax = 1 << 20;

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char c : bytes) {
    hex += kDigits[c >> 4];
    hex += kDigits[c & 15];
  }
  return hex;
}

Frame FullFrame() {
  Frame frame;
  frame.type = FrameType::kRequest;
  frame.lane = Lane::kBulk;
  frame.flags = kHasTarget | kHasDeadline | kHasCredit | kHasTrace | kHasSender | kMandatory;
  frame.sequence = 0x01020304;
  frame.ack = 0x05060708;
  frame.id = 0x1112131415161718;
  frame.target = {0x2122232425262728, 0x31323334, 0x4142, 0x5152, 0x61626364};
  frame.deadline = 0x71727374;
  frame.credit = 0x81828384;
  frame.trace = {{0x9192939495969798, 0xa1a2a3a4a5a6a7a8}, 0xb1b2b3b4b5b6b7b8, 0xc1};
  frame.sender = {0xd1d2d3d4d5d6d7d8, 0xe1e2e3e4, 0xf1f2};
  return frame;
}

// As docs/wire.md draws it.
TEST(FrameTest, BytesAreAsDocumented) {
  EXPECT_EQ(Hex(Bytes(FullFrame(), "xyz")),
            "5f000000"
            "10"
            "13"
            "1f01"
            "04030201"
            "08070605"
            "1817161514131211"
            "2827262524232221"
            "34333231"
            "4241"
            "5251"
            "64636261"
            "74737271"
            "84838281"
            "9897969594939291"
            "a8a7a6a5a4a3a2a1"
            "b8b7b6b5b4b3b2b1"
            "c1000000"
            "d8d7d6d5d4d3d2d1"
            "e4e3e2e1"
            "f2f10000"
            "78797a");
}

// The example there.
TEST(FrameTest, ExampleIsAsDocumented) {
  Frame frame;
  frame.type = FrameType::kRequest;
  frame.flags = kHasTarget | kHasDeadline | kMandatory;
  frame.sequence = 2;
  frame.ack = 1;
  frame.id = 2;
  frame.target = {5, 0, 1, 0, Fingerprint("bank.Account", "Deposit")};
  frame.deadline = EncodeRemaining(5'000'000'000);
  EXPECT_EQ(Hex(Bytes(frame, "\x08\x2a")),
            "2e000000"
            "10"
            "12"
            "0301"
            "02000000"
            "01000000"
            "0200000000000000"
            "0500000000000000"
            "00000000"
            "0100"
            "0000"
            "57243166"
            "404b4c00"
            "082a");
}

TEST(FrameTest, SmallFrameIsOnlyItsBaseHeader) {
  EXPECT_EQ(Bytes(Bare(FrameType::kResponse), "reply").size(), 24 + 5);
}

TEST(FrameTest, DecodesWhatItEncodes) {
  const std::string bytes = Bytes(FullFrame(), "payload");
  Frame frame;
  ASSERT_EQ(DecodeFrame(bytes, frame), FrameError::kNone);
  EXPECT_EQ(frame.payload, "payload");
  EXPECT_EQ(Bytes(frame, frame.payload), bytes);
}

TEST(FrameTest, F3_LengthIsJudgedBeforeAnythingElse) {
  const auto judge = [](uint32_t length) {
    size_t bytes = 0;
    return FrameBytes(reinterpret_cast<const char*>(&length), kMax, bytes);
  };
  EXPECT_EQ(judge(0), FrameError::kTooShort);
  EXPECT_EQ(judge(19), FrameError::kTooShort);
  EXPECT_EQ(judge(20), FrameError::kNone);
  EXPECT_EQ(judge(kMax - 4), FrameError::kNone);
  EXPECT_EQ(judge(kMax - 3), FrameError::kTooLong);
  for (const uint32_t length : {0x7fffffffu, 0x80000000u, 0xfffffffcu, 0xffffffffu}) {
    EXPECT_EQ(judge(length), FrameError::kTooLong);
  }
}

TEST(FrameTest, LengthMustHoldWhatTheFlagsAnnounce) {
  Frame whole = FullFrame();
  const std::string bytes = Bytes(whole);
  for (size_t size = kBaseHeaderBytes; size < bytes.size(); ++size) {
    Frame frame;
    EXPECT_EQ(DecodeFrame(std::string_view(bytes).substr(0, size), frame), FrameError::kTooShort);
  }
}

TEST(FrameTest, F6_UnknownFlagsAreOptionalOrMustBeUnderstood) {
  for (int bit = 0; bit < 16; ++bit) {
    const auto flag = static_cast<uint16_t>(1u << bit);
    if (flag & kKnownFlags) continue;
    std::string bytes = Bytes(Bare(FrameType::kAck));
    bytes[6] = static_cast<char>(flag & 0xff);
    bytes[7] = static_cast<char>(flag >> 8);
    Frame frame;
    EXPECT_EQ(DecodeFrame(bytes, frame),
              (flag & kOptionalFlags) ? FrameError::kNone : FrameError::kFlags)
        << bit;
  }
}

std::string WithRecords(std::string_view records) {
  std::string payload;
  payload += static_cast<char>(records.size());
  payload += static_cast<char>(records.size() >> 8);
  payload.append(records);
  std::string bytes = Bytes(Bare(FrameType::kAck), payload + "rest");
  bytes[6] = static_cast<char>(kHasRecords);
  return bytes;
}

TEST(FrameTest, F6_OptionalRecordsAreSkippedAndCounted) {
  const std::string bytes = WithRecords(std::string("\x05\x02xy\x06\x00", 6));
  Frame frame;
  ASSERT_EQ(DecodeFrame(bytes, frame), FrameError::kNone);
  EXPECT_EQ(frame.records_skipped, 2);
  EXPECT_EQ(frame.payload, "rest");
}

TEST(FrameTest, F6_MandatoryRecordIsAnError) {
  Frame frame;
  EXPECT_EQ(DecodeFrame(WithRecords(std::string("\x85\x00", 2)), frame), FrameError::kRecords);
}

TEST(FrameTest, F6_RecordPastItsBlockIsAnError) {
  Frame frame;
  EXPECT_EQ(DecodeFrame(WithRecords(std::string("\x05\x03xy", 4)), frame), FrameError::kRecords);
  EXPECT_EQ(DecodeFrame(WithRecords("\x05"), frame), FrameError::kRecords);
}

TEST(FrameTest, F6_ReservedBytesAndVersionsAreErrors) {
  std::string bytes = Bytes(Bare(FrameType::kAck));
  Frame frame;
  bytes[5] = 0x22;
  EXPECT_EQ(DecodeFrame(bytes, frame), FrameError::kVersion);
  bytes[5] = 0x14;
  EXPECT_EQ(DecodeFrame(bytes, frame), FrameError::kReserved);
  std::string sender = Bytes(FullFrame());
  sender.back() = 1;
  EXPECT_EQ(DecodeFrame(sender, frame), FrameError::kReserved);
}

TEST(FrameTest, F5_FlippedBitIsAnErrorOrAnotherFrame) {
  const std::string good = Bytes(FullFrame(), "payload");
  for (size_t bit = kLengthBytes * 8; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    Frame frame;
    if (DecodeFrame(bad, frame) != FrameError::kNone) continue;
    if (frame.flags & kOptionalFlags) continue;
    if (frame.records_skipped > 0 || (frame.flags & kHasRecords)) continue;
    EXPECT_EQ(Bytes(frame, frame.payload), bad) << bit;
  }
}

TEST(FrameTest, RemainingTimeIsNeverShortened) {
  for (const int64_t nanos :
       {int64_t{0}, int64_t{1}, int64_t{999}, int64_t{1000}, int64_t{1001}, int64_t{5'000'000'000},
        int64_t{2147483647} * 1000, int64_t{2147483648} * 1000 + 1, int64_t{86'400'000'000'000}}) {
    const int64_t back = DecodeRemaining(EncodeRemaining(nanos));
    EXPECT_GE(back, nanos);
    EXPECT_LE(back, nanos + 1'000'000);
  }
  EXPECT_EQ(EncodeRemaining(-5), 0);
  EXPECT_EQ(EncodeRemaining(INT64_MAX), 0xffffffffu);
}

}  // namespace
}  // namespace troupe::internal
