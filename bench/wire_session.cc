#include "troupe/bench/wire_session.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "bench/echo.troupe.h"
#include "troupe/actors/typing/method.h"
#include "troupe/base/check.h"
#include "troupe/bench/net_node.h"
#include "troupe/proto/wire.pb.h"

namespace troupe::bench {
namespace {

using internal::Frame;
using internal::FrameError;
using internal::FrameType;

constexpr size_t kFrameBytesMax = 1 << 20;

template <typename M>
M Parsed(const Frame& frame) {
  M message;
  TROUPE_CHECK(
      message.ParseFromArray(frame.payload.data(), static_cast<int>(frame.payload.size())));
  return message;
}

}  // namespace

size_t WireFrameBytes(const char* header) {
  const bool preamble =
      std::memcmp(header, internal::kPreamble.data(), FrameBuffer::kHeaderBytes) == 0;
  if (preamble) return internal::kPreamble.size();
  size_t bytes;
  TROUPE_CHECK(internal::FrameBytes(header, kFrameBytesMax, bytes) == FrameError::kNone);
  return bytes;
}

WireSession::WireSession(RawConnection& connection, const std::string& name, uint64_t incarnation)
    : connection_(connection) {
  wire::Hello hello;
  hello.set_version_min(internal::kWireVersion);
  hello.set_version_max(internal::kWireVersion);
  hello.set_node(name);
  hello.set_incarnation(incarnation);
  hello.mutable_limits()->set_frame_bytes_max(kFrameBytesMax);
  connection_.out().append(internal::kPreamble);
  Append({.type = FrameType::kHello, .flags = internal::kMandatory}, hello);
}

WireSession::Got WireSession::OnFrame(std::string_view bytes) {
  if (bytes == internal::kPreamble) return Got::kNothing;
  TROUPE_CHECK(internal::DecodeFrame(bytes, frame_) == FrameError::kNone);
  if (internal::IsNumbered(frame_.type)) ++received_;
  switch (frame_.type) {
    case FrameType::kResponse:
      return Got::kResponse;
    case FrameType::kHello:
      OnHello();
      return Got::kState;
    case FrameType::kLookupReply:
      OnLookupReply();
      return Got::kState;
    case FrameType::kPing:
      Append({.type = FrameType::kPong}, Parsed<wire::Ping>(frame_));
      return Got::kNothing;
    case FrameType::kAck:
    case FrameType::kPong:
      return Got::kNothing;
    default:
      internal::CheckFailed(__FILE__, __LINE__, "the node goes along",
                            absl::StrCat("frame type ", static_cast<int>(frame_.type)));
  }
}

// The greater of two nodes numbers the session: the server did, or this end does.
void WireSession::OnHello() {
  const auto hello = Parsed<wire::Hello>(frame_);
  if (hello.session() == 0) {
    wire::Ready ready;
    ready.set_session(1 + hello.incarnation() / 2);
    Append({.type = FrameType::kReady, .flags = internal::kMandatory}, ready);
  }
  state_ = State::kOpen;
}

void WireSession::LookUpEcho() {
  wire::Lookup lookup;
  lookup.set_name(kEchoName);
  lookup.set_service(std::string(Echo::kServiceInfo.name));
  Append({.type = FrameType::kLookup, .flags = internal::kMandatory, .id = 1}, lookup);
}

void WireSession::OnLookupReply() {
  const auto reply = Parsed<wire::LookupReply>(frame_);
  TROUPE_CHECK_MSG(!reply.has_status(), reply.status().message());
  const internal::MethodInfo& call = *Echo::kServiceInfo.methods[0];
  target_ = {.generation = reply.generation(),
             .slot = reply.slot(),
             .shard = static_cast<uint16_t>(reply.shard()),
             .method = static_cast<uint16_t>(call.index),
             .fingerprint = call.fingerprint};
  state_ = State::kFound;
}

void WireSession::Request(uint32_t place, const google::protobuf::MessageLite& message) {
  Append({.type = FrameType::kRequest,
          .flags = internal::kHasTarget | internal::kMandatory,
          .id = ++requests_ << 24 | place,
          .target = target_},
         message);
}

void WireSession::Append(Frame frame, const google::protobuf::MessageLite& payload) {
  if (internal::IsNumbered(frame.type)) frame.sequence = ++sent_;
  frame.ack = received_;
  const size_t header_bytes = internal::HeaderBytes(frame.flags);
  const size_t payload_bytes = payload.ByteSizeLong();
  std::string& out = connection_.out();
  const size_t at = out.size();
  out.resize(at + header_bytes + payload_bytes);
  internal::EncodeHeader(frame, payload_bytes, out.data() + at);
  payload.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(out.data() + at) +
                                          header_bytes);
}

}  // namespace troupe::bench
