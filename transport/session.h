#ifndef TROUPE_TRANSPORT_SESSION_H_
#define TROUPE_TRANSPORT_SESSION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/message_lite.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/method.h"
#include "troupe/loop/timer_wheel.h"
#include "troupe/proto/ref.pb.h"
#include "troupe/proto/wire.pb.h"
#include "troupe/transport/connection.h"
#include "troupe/transport/frame.h"
#include "troupe/transport/grant_table.h"
#include "troupe/transport/peer_news.h"
#include "troupe/transport/peers.h"
#include "troupe/transport/remote_ask.h"
#include "troupe/transport/request_table.h"
#include "troupe/transport/shard_messages.h"

namespace troupe::internal {

class NodeShard;
struct LookupRequest;

// The peer's identity, from its hello.
struct PeerIdentity {
  std::string name;
  uint64_t incarnation = 0;
  std::string address;
  uint64_t session = 0;
  uint64_t frame_bytes_max = 0;
  uint32_t asks_max = 0;
  uint32_t monitors_max = 0;
};

// Ends a session at its request: the link that it runs over.
class SessionOwner {
 public:
  virtual void EndSession(wire::Goodbye::Reason reason, absl::Status why) = 0;

 protected:
  ~SessionOwner() = default;
};

// The session between two nodes, from handshake to goodbye: requests both ways, streams, monitors,
// and the right to address what was exported or handed over. When it ends, all of these get their
// outcome.
//
// Thread: the shard that owns the socket.
// Bounds: peer_outbound_bytes_max of unwritten bytes, of which replies may take
//         peer_outbound_control_bytes_max more, and as many of stream items that wait for them;
//         asks_per_peer_max requests of the peer, and as many to it as it announced;
//         monitors_per_peer_max; peer_inbound_bytes_max of requests in progress.
class Session final : private TimerNode {
 public:
  Session(NodeShard& node, SessionOwner& owner, Connection& connection, PeerIdentity peer);
  ~Session();

  const PeerIdentity& peer() const { return peer_; }

  // --- Outbound. ---

  // See Router::Send. `notice`: the sender wants to know of an undelivered message.
  SendResult Send(const AnyRef& target, Envelope* envelope, bool notice);
  // Sends the LookupRequest in `envelope`, whose ask gets the outcome.
  void Lookup(Envelope* envelope);
  void Cancel(uint16_t asker_shard, uint64_t ask);
  void Credit(uint16_t asker_shard, uint64_t ask, uint32_t items);
  void Monitor(const AnyRef& target, Envelope* down);
  void Demonitor(uint16_t watcher_shard, uint64_t record);

  // --- Inbound. ---

  // Returns false, with `why`, if the frame broke the protocol.
  bool OnFrame(const Frame& frame, std::string_view& why);
  void AfterRead();
  // Called once the connection has space again.
  void OnRoom();

  // Takes the answer of a target's shard.
  void Resolved(uint32_t grant, const ServiceInfo* service, bool alive);
  // Reports a one-way message of the peer that was refused at its target.
  void SendUndelivered(const FrameSender& sender, uint32_t sequence, absl::StatusCode code);
  // Reports the end of a monitored actor of this node.
  void SendDown(uint64_t wire_id, StopReason reason, const absl::Status& status);

  // --- Replies; called by RemoteAsk. ---

  void Answer(RemoteAsk& ask, absl::Status status, void* value);
  void Item(RemoteAsk& ask, void* value);

  // Gives everything pending its outcome. Called once and last. `flushes`: what the connection has
  // not written yet may still be written.
  void End(const absl::Status& why, bool flushes);

  // Sends a goodbye.
  void SayGoodbye(wire::Goodbye::Reason reason, std::string_view detail);
  // Checks soon whether the peer is alive. At most once in heartbeat_dead, since others can trigger
  // it.
  void Probe();
  // Ends the session with a peer that asks without reading.
  void EndAsSlow();

  size_t asks_alive() const { return asks_alive_; }
  size_t requests_alive() const { return requests_.count(); }

  // Called once the session has begun, which is number `began` of the node's PeerNews.
  void NoteBegun(uint64_t began, absl::Time now) {
    began_ = began;
    since_ = now;
  }
  uint64_t began() const { return began_; }
  PeerNews NewsOf(uint64_t number, const absl::Status& why) const;
  PeerState State() const;

 private:
  struct WatchedByPeer {
    uint64_t key = 0;  // Of the Down's envelope.
    AnyRef target;
  };
  struct WatchedHere {
    Envelope* down = nullptr;
    AnyRef target;
  };
  // A one-way message that the peer has not acknowledged.
  struct Unacked {
    uint64_t sequence;
    const MessageType* type;
    AnyRef sender;
    uint32_t sender_life;
    AnyRef target;
    Tag tag;
    bool notice;

    NoticeUndelivered Notice(absl::StatusCode reason) const {
      return {sender,
              sender_life,
              {.target = target, .message = type->name, .reason = reason, .tag = tag}};
    }
  };

  void OnTimer() override;

  // Outgoing frames.
  char* Begin(Frame& frame, size_t payload_bytes);
  void SendMessage(Frame frame, const google::protobuf::MessageLite& message);
  void SendError(uint64_t wire_id, const absl::Status& status);
  void SendError(uint64_t wire_id, absl::Status status, Certainty certainty);
  void WriteItem(RemoteAsk& ask, std::string_view bytes);
  void TopUp(RemoteAsk& ask);
  void WriteHeld(RemoteAsk& ask);
  void EndLater();
  void Finish(RemoteAsk& ask, const absl::Status& status);
  void GrantRefsIn(const void* message);
  bool Full() const;

  // Incoming frames.
  bool OnAck(uint32_t ack, std::string_view& why);
  bool Dispatch(const Frame& frame, bool again, std::string_view& why);
  bool OnRequest(const Frame& frame, bool again, std::string_view& why);
  bool OnLookup(const Frame& frame, bool again, std::string_view& why);
  bool OnResponse(const Frame& frame, std::string_view& why);
  bool OnItemFrame(const Frame& frame, std::string_view& why);
  bool OnErrorFrame(const Frame& frame, std::string_view& why);
  bool OnCancel(const Frame& frame);
  bool OnCredit(const Frame& frame, std::string_view& why);
  bool OnLookupReply(const Frame& frame, std::string_view& why);
  bool OnMonitor(const Frame& frame, std::string_view& why);
  bool OnDemonitor(const Frame& frame);
  bool OnDown(const Frame& frame, std::string_view& why);
  bool OnUndelivered(const Frame& frame, std::string_view& why);
  bool OnControl(const Frame& frame, std::string_view& why);
  void BadMessage();
  Grant* GrantOf(const FrameTarget& target);
  void Resolve(Grant& grant, const Frame& frame);
  static std::string Copy(const Frame& frame);
  bool MayHold(const ActorRef& ref);
  std::string_view WithoutForeignRefs(const MethodInfo& method, std::string_view payload,
                                      std::string& storage);
  void StartRequest(const Frame& frame, const AnyRef& target, const MethodInfo& method,
                    Envelope* envelope);
  void DeliverOneway(const Frame& frame, const AnyRef& target, Envelope* envelope);
  void Refuse(const Frame& frame, absl::Status why, Certainty certainty);

  RemoteAsk* TakeRemoteAsk();
  void Recycle(RemoteAsk& ask);
  RemoteAsk* AskAt(uint64_t wire_id);
  void DropRemoteAsk(RemoteAsk& ask);

  NodeShard& node_;
  Shard& shard_;
  SessionOwner& owner_;
  Connection& connection_;
  const PeerIdentity peer_;
  const uint64_t outbound_max_;
  const uint64_t frame_max_;
  uint64_t began_ = 0;
  absl::Time since_;
  bool ended_ = false;
  bool ending_ = false;

  // Sequence numbers.
  uint64_t sent_ = 0;
  uint64_t acked_ = 0;
  uint64_t received_ = 0;
  uint64_t handled_ = 0;  // Of those received; the number acknowledged.
  uint32_t acks_owed_ = 0;
  // Set while a target's shard is asked what the target serves. That frame and all after it are
  // held, in order, and nothing more is read.
  bool resolving_ = false;
  std::deque<std::string> held_frames_;
  std::deque<Unacked> unacked_;

  // Requested by this node.
  RequestTable requests_;
  std::map<uint64_t, WatchedHere> monitors_;  // In the order in which Downs are sent.
  absl::flat_hash_map<std::pair<uint16_t, uint64_t>, uint64_t> monitor_ids_;
  uint64_t next_monitor_ = 1;

  // Requested by the peer.
  GrantTable grants_;
  std::vector<RemoteAsk*> asks_;  // By the slot in the request's id.
  RemoteAsk* free_asks_ = nullptr;
  std::vector<std::unique_ptr<RemoteAsk>> all_asks_;
  std::map<uint64_t, WatchedByPeer> watched_;  // In the order in which the end releases them.
  size_t asks_alive_ = 0;
  uint64_t inbound_bytes_ = 0;
  uint64_t held_bytes_ = 0;  // Of items that wait for the connection.
  bool wants_room_ = false;  // A stream waits for the connection.
  uint32_t bad_messages_ = 0;

  // Liveness.
  Instant next_tick_;
  uint32_t pings_unanswered_ = 0;
  uint32_t pings_in_window_ = 0;
  Instant next_probe_;
};

// Implementation details follow.

inline PeerNews Session::NewsOf(uint64_t number, const absl::Status& why) const {
  return {.name = peer_.name,
          .incarnation = peer_.incarnation,
          .address = peer_.address,
          .code = why.code(),
          .reason = std::string(why.message()),
          .number = number,
          .began = began_,
          .shard = shard_.index()};
}

inline PeerState Session::State() const {
  // Those that are acknowledged are kept for a while, in front.
  const auto first_unacknowledged =
      std::partition_point(unacked_.begin(), unacked_.end(),
                           [this](const Unacked& message) { return message.sequence <= acked_; });
  return {.name = peer_.name,
          .incarnation = peer_.incarnation,
          .address = peer_.address,
          .shard = shard_.index(),
          .since = since_,
          .requests_to = requests_.count(),
          .requests_from = asks_alive_,
          .unwritten_bytes = connection_.pending_bytes(),
          .unacknowledged_to = static_cast<uint64_t>(unacked_.end() - first_unacknowledged),
          .monitors_to = monitors_.size(),
          .monitors_from = watched_.size()};
}

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_SESSION_H_
