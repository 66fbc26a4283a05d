#ifndef TROUPE_TRANSPORT_FRAME_H_
#define TROUPE_TRANSPORT_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::internal {

// The first bytes of a connection, in each direction.
inline constexpr std::string_view kPreamble = "TROUPE\r\n";

inline constexpr uint8_t kWireVersion = 1;

// Types from kFirstNumbered on are numbered: each frame takes the next sequence number of its
// session.
enum class FrameType : uint8_t {
  kHello = 0x01,
  kReady = 0x02,
  kReject = 0x03,
  kPing = 0x04,
  kPong = 0x05,
  kAck = 0x06,
  kGoodbye = 0x07,

  kRequest = 0x10,
  kOneway = 0x11,
  kResponse = 0x12,
  kItem = 0x13,
  kError = 0x14,
  kCancel = 0x15,
  kCredit = 0x16,
  kLookup = 0x17,
  kLookupReply = 0x18,
  kMonitor = 0x19,
  kDemonitor = 0x1a,
  kDown = 0x1b,
  kUndelivered = 0x1c,
};
inline constexpr uint8_t kFirstNumbered = 0x10;

constexpr bool IsNumbered(FrameType type) { return static_cast<uint8_t>(type) >= kFirstNumbered; }
bool IsKnown(FrameType type);

// The urgency of a frame. Order holds within a lane.
enum class Lane : uint8_t { kControl = 0, kUrgent = 1, kNormal = 2, kBulk = 3 };

enum FrameFlags : uint16_t {
  // Extensions present, in this order behind the base header.
  kHasTarget = 1u << 0,
  kHasDeadline = 1u << 1,
  kHasCredit = 1u << 2,
  kHasTrace = 1u << 3,
  kHasSender = 1u << 4,
  kHasRecords = 1u << 5,
  // A receiver that does not know the type must close; without the flag, it skips and counts the
  // frame.
  kMandatory = 1u << 8,
};
// Unknown flags that are skipped and counted.
inline constexpr uint16_t kOptionalFlags = 0x3800;
inline constexpr uint16_t kKnownFlags = 0x013f;

// An actor of the receiving node, and its method.
struct FrameTarget {
  uint64_t generation = 0;
  uint32_t slot = 0;
  uint16_t shard = 0;
  uint16_t method = 0;       // The index in the service: a hint.
  uint32_t fingerprint = 0;  // MethodInfo::fingerprint, which decides.
};

// An actor of the sending node.
struct FrameSender {
  uint64_t generation = 0;
  uint32_t slot = 0;
  uint16_t shard = 0;
};

// W3C's trace context. Carried, not interpreted.
struct FrameTrace {
  uint64_t trace_id[2] = {};
  uint64_t span_id = 0;
  uint8_t flags = 0;
};

// A frame. docs/wire.md draws the bytes.
struct Frame {
  FrameType type = FrameType::kAck;
  Lane lane = Lane::kNormal;
  uint16_t flags = 0;
  uint32_t sequence = 0;
  uint32_t ack = 0;
  uint64_t id = 0;
  FrameTarget target;
  uint32_t deadline = 0;
  uint32_t credit = 0;
  FrameTrace trace;
  FrameSender sender;
  uint32_t records_skipped = 0;  // Optional ones, of a frame read.
  std::string_view payload;      // Of a frame read: part of the decoded bytes.
};

inline constexpr size_t kLengthBytes = 4;
inline constexpr size_t kBaseHeaderBytes = 24;  // Including the length.
inline constexpr size_t kTargetBytes = 20;
inline constexpr size_t kDeadlineBytes = 4;
inline constexpr size_t kCreditBytes = 4;
inline constexpr size_t kTraceBytes = 28;
inline constexpr size_t kSenderBytes = 16;

// Returns the header's size, without records, which are never written.
constexpr size_t HeaderBytes(uint16_t flags) {
  return kBaseHeaderBytes + ((flags & kHasTarget) ? kTargetBytes : 0) +
         ((flags & kHasDeadline) ? kDeadlineBytes : 0) + ((flags & kHasCredit) ? kCreditBytes : 0) +
         ((flags & kHasTrace) ? kTraceBytes : 0) + ((flags & kHasSender) ? kSenderBytes : 0);
}

// Writes HeaderBytes(frame.flags) bytes at `out`; the payload follows them.
void EncodeHeader(const Frame& frame, size_t payload_bytes, char* out);

enum class FrameError : uint8_t {
  kNone,
  kTooShort,  // Shorter than its flags announce.
  kTooLong,   // Over the limit.
  kVersion,   // An unknown header format.
  kFlags,     // An unknown mandatory flag.
  kReserved,  // A reserved byte is not zero.
  kRecords,   // Malformed, or an unknown mandatory one.
};
std::string_view ToString(FrameError error);

// Sets `bytes` to the size of a whole frame, length included, given its first kLengthBytes.
FrameError FrameBytes(const char* length, size_t frame_bytes_max, size_t& bytes);

// Decodes `whole`, of FrameBytes() bytes. Does not judge the type.
FrameError DecodeFrame(std::string_view whole, Frame& frame);

// Convert a remaining time: microseconds up to 2^31, then milliseconds with the top bit set,
// saturating at 24 days. Rounded up, so that a deadline is never shortened.
uint32_t EncodeRemaining(int64_t nanos);
int64_t DecodeRemaining(uint32_t remaining);

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_FRAME_H_
