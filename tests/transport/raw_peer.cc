#include "troupe/tests/transport/raw_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <limits>

#include "troupe/actors/typing/method.h"
#include "troupe/base/check.h"

namespace troupe::internal {

std::string Bytes(Frame frame, std::string_view payload) {
  std::string bytes(HeaderBytes(frame.flags), '\0');
  EncodeHeader(frame, payload.size(), bytes.data());
  bytes.append(payload);
  return bytes;
}

std::string Bytes(Frame frame, const google::protobuf::MessageLite& payload) {
  return Bytes(frame, payload.SerializeAsString());
}

Frame Bare(FrameType type, uint16_t flags) {
  Frame frame;
  frame.type = type;
  frame.flags = flags;
  return frame;
}

wire::Hello GoodHello(std::string_view name) {
  wire::Hello hello;
  hello.set_version_min(1);
  hello.set_version_max(1);
  hello.set_node(std::string(name));
  hello.set_incarnation(Fingerprint(name, "") + uint64_t{1});
  hello.mutable_limits()->set_frame_bytes_max(1 << 20);
  hello.mutable_limits()->set_asks_max(100);
  hello.mutable_limits()->set_monitors_max(100);
  return hello;
}

RawListener::RawListener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof(address);
  TROUPE_CHECK(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  TROUPE_CHECK(listen(fd_, 64) == 0);
  TROUPE_CHECK(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
  port_ = ntohs(address.sin_port);
}

RawListener::~RawListener() { close(fd_); }

int RawListener::Accept() {
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  TROUPE_CHECK(fd >= 0);
  return fd;
}

RawPeer::RawPeer(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  TROUPE_CHECK(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

RawPeer::~RawPeer() {
  if (fd_ >= 0) close(fd_);
}

bool RawPeer::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

bool RawPeer::SendByteByByte(std::string_view bytes) {
  for (const char& byte : bytes) {
    if (!Send({&byte, 1})) return false;
  }
  return true;
}

bool RawPeer::SendNumbered(Frame frame, std::string_view payload) {
  frame.sequence = ++frames_sent;
  return Send(Bytes(frame, payload));
}

bool RawPeer::SendNumbered(Frame frame, const google::protobuf::MessageLite& payload) {
  return SendNumbered(frame, payload.SerializeAsString());
}

Frame RawPeer::ShakeHands(std::string_view name) {
  TROUPE_CHECK(Send(kPreamble));
  TROUPE_CHECK(Send(Bytes(Bare(FrameType::kHello, kMandatory), GoodHello(name))));
  const std::optional<Frame> answer = Receive();
  TROUPE_CHECK(answer.has_value());
  return *answer;
}

void RawPeer::AcceptSession() {
  const std::optional<Frame> hello = Receive();
  TROUPE_CHECK(hello.has_value() && hello->type == FrameType::kHello);
  wire::Hello answer = GoodHello("zebra");
  answer.set_version(1);
  answer.set_session(77);
  TROUPE_CHECK(Send(kPreamble));
  TROUPE_CHECK(Send(Bytes(Bare(FrameType::kHello, kMandatory), answer)));
}

void RawPeer::Open(std::string_view name) {
  const Frame answer = ShakeHands(name);
  TROUPE_CHECK(answer.type == FrameType::kHello);
  wire::Hello hello;
  TROUPE_CHECK(
      hello.ParseFromArray(answer.payload.data(), static_cast<int>(answer.payload.size())));
  if (hello.session() != 0) return;
  wire::Ready ready;
  ready.set_session(99);
  TROUPE_CHECK(Send(Bytes(Bare(FrameType::kReady, kMandatory), ready)));
}

FrameTarget RawPeer::Lookup(std::string_view name, std::string_view service) {
  wire::Lookup lookup;
  lookup.set_name(std::string(name));
  lookup.set_service(std::string(service));
  Frame frame = Bare(FrameType::kLookup, kMandatory);
  frame.id = 1;
  TROUPE_CHECK(SendNumbered(frame, lookup));
  const std::optional<Frame> answer = ReceiveOther();
  TROUPE_CHECK(answer.has_value() && answer->type == FrameType::kLookupReply);
  wire::LookupReply reply;
  TROUPE_CHECK(
      reply.ParseFromArray(answer->payload.data(), static_cast<int>(answer->payload.size())));
  TROUPE_CHECK(!reply.has_status());
  return {reply.generation(), reply.slot(), static_cast<uint16_t>(reply.shard()), 0, 0};
}

bool RawPeer::Fill(size_t bytes) {
  char buffer[4096];
  while (received_.size() < bytes) {
    const ssize_t count = recv(fd_, buffer, sizeof(buffer), 0);
    if (count <= 0) return false;
    received_.append(buffer, static_cast<size_t>(count));
  }
  return true;
}

std::optional<Frame> RawPeer::Receive() {
  if (!preamble_seen_) {
    if (!Fill(kPreamble.size())) return std::nullopt;
    TROUPE_CHECK(received_.substr(0, kPreamble.size()) == kPreamble);
    received_.erase(0, kPreamble.size());
    preamble_seen_ = true;
  }
  if (!Fill(kLengthBytes)) return std::nullopt;
  size_t bytes = 0;
  TROUPE_CHECK(FrameBytes(received_.data(), std::numeric_limits<size_t>::max(), bytes) ==
               FrameError::kNone);
  if (!Fill(bytes)) return std::nullopt;
  frame_ = received_.substr(0, bytes);
  received_.erase(0, bytes);
  Frame frame;
  TROUPE_CHECK(DecodeFrame(frame_, frame) == FrameError::kNone);
  return frame;
}

std::optional<Frame> RawPeer::ReceiveOther() {
  for (;;) {
    std::optional<Frame> frame = Receive();
    if (!frame.has_value()) return frame;
    if (frame->type != FrameType::kPing && frame->type != FrameType::kAck) return frame;
  }
}

std::string RawPeer::ReadToEnd() {
  while (Fill(received_.size() + 1)) {
  }
  return received_;
}

void RawPeer::ShutdownWrite() { shutdown(fd_, SHUT_WR); }

void RawPeer::Reset() {
  const linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  close(fd_);
  fd_ = -1;
}

}  // namespace troupe::internal
