#ifndef TROUPE_BENCH_WIRE_SESSION_H_
#define TROUPE_BENCH_WIRE_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "google/protobuf/message_lite.h"
#include "troupe/bench/raw_connection.h"
#include "troupe/transport/frame.h"

namespace troupe::bench {

// The whole frame's bytes, from its first four; the preamble counts as a frame.
size_t WireFrameBytes(const char* header);

// A session with a node, as docs/wire.md has it, over a plain connection: handshake, one actor
// looked up, requests to it. It stands for a node of which thousands fit into one process.
class WireSession {
 public:
  enum class State { kShakingHands, kOpen, kFound };
  enum class Got { kNothing, kState, kResponse };

  // Begins the handshake. `name` and `incarnation` are no other node's.
  WireSession(RawConnection& connection, const std::string& name, uint64_t incarnation);

  // What a frame brought. Dies when the node refuses or breaks the protocol.
  Got OnFrame(std::string_view bytes);
  State state() const { return state_; }

  // Asks for the node's Echo. Requires kOpen.
  void LookUpEcho();

  // Requires kFound. `place`, below 2^24, is free again with its response.
  void Request(uint32_t place, const google::protobuf::MessageLite& message);
  // After kResponse.
  uint32_t response_place() const { return static_cast<uint32_t>(frame_.id & kPlaceMask); }
  std::string_view response() const { return frame_.payload; }

 private:
  static constexpr uint64_t kPlaceMask = (1u << 24) - 1;

  void Append(internal::Frame frame, const google::protobuf::MessageLite& payload);
  void OnHello();
  void OnLookupReply();

  RawConnection& connection_;
  State state_ = State::kShakingHands;
  internal::Frame frame_;  // The latest.
  internal::FrameTarget target_;
  uint32_t sent_ = 0;  // Numbered frames, both.
  uint32_t received_ = 0;
  uint64_t requests_ = 0;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_WIRE_SESSION_H_
