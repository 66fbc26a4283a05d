#ifndef TROUPE_TESTS_TRANSPORT_RAW_PEER_H_
#define TROUPE_TESTS_TRANSPORT_RAW_PEER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "google/protobuf/message_lite.h"
#include "troupe/proto/wire.pb.h"
#include "troupe/transport/frame.h"

namespace troupe::internal {

// A frame's bytes. `type` may be one that does not exist.
std::string Bytes(Frame frame, std::string_view payload = {});
std::string Bytes(Frame frame, const google::protobuf::MessageLite& payload);
// The frame that only has a type.
Frame Bare(FrameType type, uint16_t flags = 0);

// A hello that a node takes.
wire::Hello GoodHello(std::string_view name);

// A port that a node connects to.
class RawListener {
 public:
  RawListener();
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  uint16_t port() const { return port_; }
  // Waits for the next connection; its descriptor.
  int Accept();

 private:
  int fd_;
  uint16_t port_ = 0;
};

// The other end of a node's connection, as a test plays it: blocking, with a plain socket.
class RawPeer {
 public:
  explicit RawPeer(uint16_t port);
  // The accepting end.
  explicit RawPeer(RawListener& listener) : fd_(listener.Accept()) {}
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  // False when the node has closed the connection.
  bool Send(std::string_view bytes);
  // In as many writes as there are bytes.
  bool SendByteByByte(std::string_view bytes);
  // Numbers the frame and sends it.
  bool SendNumbered(Frame frame, std::string_view payload = {});
  bool SendNumbered(Frame frame, const google::protobuf::MessageLite& payload);

  // Preamble and hello; then the node's answer, or its reject.
  Frame ShakeHands(std::string_view name);
  // As the accepting end: reads the hello, and answers it as the greater end, named "zebra".
  void AcceptSession();
  // The same, and up to a session: as the greater end if `name` makes it so.
  void Open(std::string_view name = "a");
  // Looks an actor up, in a session.
  FrameTarget Lookup(std::string_view name, std::string_view service);

  // The next frame; nothing at the end. `payload` of it is valid until the next call.
  std::optional<Frame> Receive();
  // The next one that is no ping and no ack.
  std::optional<Frame> ReceiveOther();
  // All that comes until the node closes.
  std::string ReadToEnd();

  void ShutdownWrite();
  // Closes with a reset.
  void Reset();
  uint32_t frames_sent = 0;  // Numbered ones.

 private:
  bool Fill(size_t bytes);

  int fd_;
  std::string received_;
  std::string frame_;
  bool preamble_seen_ = false;
};

}  // namespace troupe::internal

#endif  // TROUPE_TESTS_TRANSPORT_RAW_PEER_H_
