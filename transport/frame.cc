#include "troupe/transport/frame.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace troupe::internal {
namespace {

static_assert(std::endian::native == std::endian::little, "the wire is little-endian");

constexpr uint8_t kRecordMandatory = 0x80;

template <typename T>
char* Put(char* out, T value) {
  std::memcpy(out, &value, sizeof(value));
  return out + sizeof(value);
}

// Requires that the bytes are there.
template <typename T>
T Take(const char*& in) {
  T value;
  std::memcpy(&value, in, sizeof(value));
  in += sizeof(value);
  return value;
}

// {type, bytes, ...} one after the other, behind their length in 16 bits. None is known yet.
FrameError SkipRecords(const char*& in, const char* end, Frame& frame) {
  if (end - in < 2) return FrameError::kTooShort;
  const size_t block = Take<uint16_t>(in);
  if (static_cast<size_t>(end - in) < block) return FrameError::kTooShort;
  const char* const block_end = in + block;
  while (in < block_end) {
    if (block_end - in < 2) return FrameError::kRecords;
    const uint8_t type = Take<uint8_t>(in);
    const size_t bytes = Take<uint8_t>(in);
    if (static_cast<size_t>(block_end - in) < bytes) return FrameError::kRecords;
    if (type & kRecordMandatory) return FrameError::kRecords;
    ++frame.records_skipped;
    in += bytes;
  }
  return FrameError::kNone;
}

}  // namespace

bool IsKnown(FrameType type) {
  const auto value = static_cast<uint8_t>(type);
  return (value >= 0x01 && value <= 0x07) || (value >= 0x10 && value <= 0x1c);
}

void EncodeHeader(const Frame& frame, size_t payload_bytes, char* out) {
  const size_t bytes = HeaderBytes(frame.flags) + payload_bytes - kLengthBytes;
  out = Put(out, static_cast<uint32_t>(bytes));
  out = Put(out, static_cast<uint8_t>(frame.type));
  out = Put(out, static_cast<uint8_t>(kWireVersion << 4 | static_cast<uint8_t>(frame.lane)));
  out = Put(out, frame.flags);
  out = Put(out, frame.sequence);
  out = Put(out, frame.ack);
  out = Put(out, frame.id);
  if (frame.flags & kHasTarget) {
    out = Put(out, frame.target.generation);
    out = Put(out, frame.target.slot);
    out = Put(out, frame.target.shard);
    out = Put(out, frame.target.method);
    out = Put(out, frame.target.fingerprint);
  }
  if (frame.flags & kHasDeadline) out = Put(out, frame.deadline);
  if (frame.flags & kHasCredit) out = Put(out, frame.credit);
  if (frame.flags & kHasTrace) {
    out = Put(out, frame.trace.trace_id[0]);
    out = Put(out, frame.trace.trace_id[1]);
    out = Put(out, frame.trace.span_id);
    out = Put(out, uint32_t{frame.trace.flags});
  }
  if (frame.flags & kHasSender) {
    out = Put(out, frame.sender.generation);
    out = Put(out, frame.sender.slot);
    out = Put(out, uint32_t{frame.sender.shard});
  }
}

FrameError FrameBytes(const char* length, size_t frame_bytes_max, size_t& bytes) {
  bytes = size_t{Take<uint32_t>(length)} + kLengthBytes;
  if (bytes > frame_bytes_max) return FrameError::kTooLong;
  return bytes < kBaseHeaderBytes ? FrameError::kTooShort : FrameError::kNone;
}

FrameError DecodeFrame(std::string_view whole, Frame& frame) {
  const char* in = whole.data() + kLengthBytes;
  const char* const end = whole.data() + whole.size();
  frame.type = static_cast<FrameType>(Take<uint8_t>(in));
  const uint8_t version_and_lane = Take<uint8_t>(in);
  if (version_and_lane >> 4 != kWireVersion) return FrameError::kVersion;
  if ((version_and_lane & 0x0f) > static_cast<uint8_t>(Lane::kBulk)) return FrameError::kReserved;
  frame.lane = static_cast<Lane>(version_and_lane & 0x0f);
  frame.flags = Take<uint16_t>(in);
  if (frame.flags & ~(kKnownFlags | kOptionalFlags)) return FrameError::kFlags;
  frame.sequence = Take<uint32_t>(in);
  frame.ack = Take<uint32_t>(in);
  frame.id = Take<uint64_t>(in);
  frame.records_skipped = 0;
  if (whole.size() < HeaderBytes(frame.flags)) return FrameError::kTooShort;
  if (frame.flags & kHasTarget) {
    frame.target.generation = Take<uint64_t>(in);
    frame.target.slot = Take<uint32_t>(in);
    frame.target.shard = Take<uint16_t>(in);
    frame.target.method = Take<uint16_t>(in);
    frame.target.fingerprint = Take<uint32_t>(in);
  }
  if (frame.flags & kHasDeadline) frame.deadline = Take<uint32_t>(in);
  if (frame.flags & kHasCredit) frame.credit = Take<uint32_t>(in);
  if (frame.flags & kHasTrace) {
    frame.trace.trace_id[0] = Take<uint64_t>(in);
    frame.trace.trace_id[1] = Take<uint64_t>(in);
    frame.trace.span_id = Take<uint64_t>(in);
    const auto flags = Take<uint32_t>(in);
    if (flags > 0xff) return FrameError::kReserved;
    frame.trace.flags = static_cast<uint8_t>(flags);
  }
  if (frame.flags & kHasSender) {
    frame.sender.generation = Take<uint64_t>(in);
    frame.sender.slot = Take<uint32_t>(in);
    const auto shard = Take<uint32_t>(in);
    if (shard > 0xffff) return FrameError::kReserved;
    frame.sender.shard = static_cast<uint16_t>(shard);
  }
  if (frame.flags & kHasRecords) {
    const FrameError error = SkipRecords(in, end, frame);
    if (error != FrameError::kNone) return error;
  }
  frame.payload = std::string_view(in, static_cast<size_t>(end - in));
  return FrameError::kNone;
}

std::string_view ToString(FrameError error) {
  switch (error) {
    case FrameError::kNone:
      return "none";
    case FrameError::kTooShort:
      return "the frame is shorter than its header";
    case FrameError::kTooLong:
      return "the frame is longer than frame_bytes_max";
    case FrameError::kVersion:
      return "the frame's header is of an unknown version";
    case FrameError::kFlags:
      return "the frame has a flag that must be understood";
    case FrameError::kReserved:
      return "a reserved byte of the frame is not zero";
    case FrameError::kRecords:
      return "a record of the frame is malformed or must be understood";
  }
  return "unknown";
}

uint32_t EncodeRemaining(int64_t nanos) {
  constexpr uint32_t kMillis = 1u << 31;
  nanos = std::max<int64_t>(nanos, 0);
  const int64_t micros = nanos / 1000 + (nanos % 1000 != 0);
  if (micros < int64_t{kMillis}) return static_cast<uint32_t>(micros);
  const int64_t millis = micros / 1000 + (micros % 1000 != 0);
  return kMillis | static_cast<uint32_t>(std::min<int64_t>(millis, kMillis - 1));
}

int64_t DecodeRemaining(uint32_t remaining) {
  constexpr uint32_t kMillis = 1u << 31;
  return (remaining & kMillis) ? int64_t{remaining & ~kMillis} * 1'000'000
                               : int64_t{remaining} * 1000;
}

}  // namespace troupe::internal
