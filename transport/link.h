#ifndef TROUPE_TRANSPORT_LINK_H_
#define TROUPE_TRANSPORT_LINK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message_lite.h"
#include "troupe/loop/socket.h"
#include "troupe/loop/timer_wheel.h"
#include "troupe/proto/wire.pb.h"
#include "troupe/transport/connection.h"
#include "troupe/transport/link_state.h"
#include "troupe/transport/session.h"

namespace troupe::internal {

class Dial;
class NodeShard;

// A connection from handshake through session to goodbye.
//
// Thread:   its shard's.
// Lifetime: owned by the NodeShard; retires itself and is destroyed at the end of that turn.
class Link final : private ConnectionHandler, private SessionOwner, private TimerNode {
 public:
  // Connects for `dial`, which gets the result. `replaces` is a session with that node that only
  // the other end still believes in.
  Link(NodeShard& node, Dial& dial, const SocketAddress& address, uint64_t replaces);
  // Shakes hands with a connection accepted from `host`, which the doorman counts until the session
  // begins.
  Link(NodeShard& node, std::unique_ptr<PendingStream> pending, std::string host);
  ~Link();

  LinkState state() const { return state_; }
  Session* session() { return state_ == LinkState::kOpen ? session_.get() : nullptr; }
  const std::string& address() const { return address_; }

  // Ends the connection in any state, with a goodbye if there is time for one.
  void Leave(wire::Goodbye::Reason reason, absl::Status why);
  // Ends the connection at once, without a goodbye.
  void Abort(absl::Status why);
  void ForgetDial() { dial_ = nullptr; }

  // The index in the NodeShard's list.
  size_t place = 0;

 private:
  void OnConnected() override;
  void OnFrame(const Frame& frame) override;
  void AfterRead() override;
  void OnRoom() override;
  void OnBroken(BreakKind kind, absl::Status why) override;
  void EndSession(wire::Goodbye::Reason reason, absl::Status why) override;
  void OnTimer() override;

  void OnHandshakeFrame(const Frame& frame);
  void OnHello(const Frame& frame);
  void AnswerHello(const wire::Hello& hello);
  void TakeAnswer(const wire::Hello& hello);
  void OnReady(const Frame& frame);
  void OnReject(const Frame& frame);
  bool TakeIdentity(const wire::Hello& hello);
  bool EndExisting(uint64_t incarnation, uint64_t session, uint16_t shard);
  bool Claim(uint64_t session, wire::Reject& refusal);

  wire::Hello MakeHello() const;
  void Send(FrameType type, const google::protobuf::MessageLite& message);
  void Reject(wire::Reject::Reason reason, std::string_view detail);
  void Reject(const wire::Reject& refusal);
  void Violation(std::string_view what);
  void Open(uint64_t session);
  void LeaveDoor();
  void Arm(absl::Duration wait);
  void BeginLinger();
  void Retire();
  void TellDial(const wire::Reject& refusal);
  void TellDial(absl::Status why);

  NodeShard& node_;
  Dial* dial_ = nullptr;
  std::string host_;     // Counted by the doorman; empty once in session.
  std::string address_;  // Where the peer is reached.
  const uint64_t replaces_ = 0;
  LinkState state_;
  bool retired_ = false;
  Connection connection_;
  PeerIdentity peer_;
  std::unique_ptr<Session> session_;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_LINK_H_
