#ifndef TROUPE_TRANSPORT_LINK_STATE_H_
#define TROUPE_TRANSPORT_LINK_STATE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "troupe/transport/frame.h"

namespace troupe::internal {

// The progress of a connection. The connecting end says hello first, the accepting end answers, and
// the greater one, by (name, incarnation), decides.
enum class LinkState : uint8_t {
  kConnecting,   // No bytes yet.
  kAwaitHello,   // Accepted; the other end has said nothing.
  kAwaitAnswer,  // Said hello.
  kAwaitReady,   // Accepted and answered; the other end decides.
  kOpen,         // In session.
  kLingering,    // Said reject or goodbye: reads to the end, then closes.
  kCount,
};

// The kinds of frames that the states distinguish.
enum class FrameClass : uint8_t {
  kHello,
  kReady,
  kReject,
  kHeartbeat,  // Ping, pong.
  kAck,
  kGoodbye,
  kData,  // All numbered frames.
  kUnknown,
  kCount,
};

enum class Verdict : uint8_t {
  kUnset,
  kHandle,
  kSkip,       // Has no effect.
  kMayUnknow,  // Skipped and counted, unless mandatory.
  kViolation,  // Ends the connection.
};

constexpr FrameClass ClassOf(FrameType type) {
  switch (type) {
    case FrameType::kHello:
      return FrameClass::kHello;
    case FrameType::kReady:
      return FrameClass::kReady;
    case FrameType::kReject:
      return FrameClass::kReject;
    case FrameType::kPing:
    case FrameType::kPong:
      return FrameClass::kHeartbeat;
    case FrameType::kAck:
      return FrameClass::kAck;
    case FrameType::kGoodbye:
      return FrameClass::kGoodbye;
    default:
      return type >= FrameType::kRequest && type <= FrameType::kUndelivered ? FrameClass::kData
                                                                            : FrameClass::kUnknown;
  }
}

// One row per state, one column per class of frames; docs/wire.md has the same table.
inline constexpr auto kLinkTable = [] {
  using enum Verdict;
  constexpr size_t kStates = static_cast<size_t>(LinkState::kCount);
  constexpr size_t kClasses = static_cast<size_t>(FrameClass::kCount);
  return std::array<std::array<Verdict, kClasses>, kStates>{{
      // hello      ready       reject      heartbeat   ack         goodbye     data        unknown
      {kViolation, kViolation, kViolation, kViolation, kViolation, kViolation, kViolation,
       kViolation},
      {kHandle, kViolation, kViolation, kViolation, kViolation, kViolation, kViolation, kViolation},
      {kHandle, kViolation, kHandle, kViolation, kViolation, kViolation, kViolation, kViolation},
      {kViolation, kHandle, kHandle, kViolation, kViolation, kViolation, kViolation, kViolation},
      {kViolation, kViolation, kViolation, kHandle, kHandle, kHandle, kHandle, kMayUnknow},
      {kSkip, kSkip, kSkip, kSkip, kSkip, kSkip, kSkip, kSkip},
  }};
}();

constexpr Verdict Judge(LinkState state, FrameClass frame) {
  return kLinkTable[static_cast<size_t>(state)][static_cast<size_t>(frame)];
}

constexpr bool LinkTableIsExhaustive() {
  for (const auto& row : kLinkTable) {
    for (const Verdict verdict : row) {
      if (verdict == Verdict::kUnset) return false;
    }
  }
  return true;
}
static_assert(LinkTableIsExhaustive());

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_LINK_STATE_H_
