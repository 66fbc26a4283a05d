#ifndef TROUPE_TRANSPORT_SESSION_H_
#define TROUPE_TRANSPORT_SESSION_H_

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
#include "google/protobuf/message_lite.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/method.h"
#include "troupe/loop/timer_wheel.h"
#include "troupe/proto/ref.pb.h"
#include "troupe/proto/wire.pb.h"
#include "troupe/transport/connection.h"
#include "troupe/transport/frame.h"
#include "troupe/transport/grant_table.h"
#include "troupe/transport/remote_ask.h"
#include "troupe/transport/request_table.h"

namespace troupe::internal {

class NodeShard;
struct LookupRequest;

// Who is at the other end, as its hello said.
struct PeerIdentity {
  std::string name;
  uint64_t incarnation = 0;
  std::string address;
  uint64_t session = 0;
  uint64_t frame_bytes_max = 0;
  uint32_t asks_max = 0;
  uint32_t monitors_max = 0;
};

// How a session asks the link that it runs over to end it.
class SessionOwner {
 public:
  virtual void EndSession(wire::Goodbye::Reason reason, absl::Status why) = 0;

 protected:
  ~SessionOwner() = default;
};

// What two nodes have with each other from handshake to goodbye: requests both ways, streams,
// monitors, and the right to address what was exported or handed over. All of it has its outcome
// when the session ends.
//
// Thread: its shard's, which owns the socket.
// Bounds: peer_outbound_bytes_max bytes not yet written, of which replies may take
//         peer_outbound_control_bytes_max more, and as many of stream items that wait for them;
//         asks_per_peer_max requests of the peer, and as many to it as it announced;
//         monitors_per_peer_max; peer_inbound_bytes_max for requests that are being handled.
class Session final : private TimerNode {
 public:
  Session(NodeShard& node, SessionOwner& owner, Connection& connection, PeerIdentity peer);
  ~Session();

  const PeerIdentity& peer() const { return peer_; }

  // --- The way out. ---

  // As Router::Send. `notice`: the sender asked to hear of a message that was not delivered.
  SendResult Send(const AnyRef& target, Envelope* envelope, bool notice);
  // `envelope` holds a LookupRequest. Its ask gets the outcome.
  void Lookup(Envelope* envelope);
  void Cancel(uint16_t asker_shard, uint64_t ask);
  void Credit(uint16_t asker_shard, uint64_t ask, uint32_t items);
  void Monitor(const AnyRef& target, Envelope* down);
  void Demonitor(uint16_t watcher_shard, uint64_t record);

  // --- The way in. ---

  // False when it broke the protocol: `why` says how.
  bool OnFrame(const Frame& frame, std::string_view& why);
  void AfterRead();
  // The connection has room again.
  void OnRoom();

  // A target's shard answered.
  void Resolved(uint32_t grant, const ServiceInfo* service, bool alive);
  // A one-way message of the peer was refused where it went.
  void SendUndelivered(const FrameSender& sender, uint32_t sequence, absl::StatusCode code);
  // The monitored actor of this node ended.
  void SendDown(uint64_t wire_id, StopReason reason, const absl::Status& status);

  // --- Replies; called by RemoteAsk. ---

  void Answer(RemoteAsk& ask, absl::Status status, void* value);
  void Item(RemoteAsk& ask, void* value);

  // Gives everything pending its outcome. Once; nothing else is called after. `flushes`: what the
  // connection has not written yet may still go out.
  void End(const absl::Status& why, bool flushes);

  // Says goodbye on the connection.
  void SayGoodbye(wire::Goodbye::Reason reason, std::string_view detail);
  // Finds out soon whether the peer is alive. Others can bring this about, so it is done once in
  // heartbeat_dead.
  void Probe();
  // Ends it for a peer that asks and does not read.
  void EndAsSlow();

  size_t asks_alive() const { return asks_alive_; }
  size_t requests_alive() const { return requests_.count(); }

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
    uint64_t sender_generation;
    uint32_t sender_slot;
    uint32_t sender_life;
    uint16_t sender_shard;
    bool notice;
  };

  void OnTimer() override;

  // Frames out.
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

  // Frames in.
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
  bool ended_ = false;
  bool ending_ = false;

  // Numbers of frames.
  uint64_t sent_ = 0;
  uint64_t acked_ = 0;
  uint64_t received_ = 0;
  uint64_t handled_ = 0;  // Of the received ones: what is acknowledged.
  uint32_t acks_owed_ = 0;
  // While a target's shard is asked what the target serves: that frame and all behind it, which
  // keep their order. Nothing more is read meanwhile.
  bool resolving_ = false;
  std::deque<std::string> held_frames_;
  std::deque<Unacked> unacked_;

  // What this node asked for.
  RequestTable requests_;
  std::map<uint64_t, WatchedHere> monitors_;  // In the order in which their Downs are sent.
  absl::flat_hash_map<std::pair<uint16_t, uint64_t>, uint64_t> monitor_ids_;
  uint64_t next_monitor_ = 1;

  // What the peer asked for.
  GrantTable grants_;
  std::vector<RemoteAsk*> asks_;  // By the place in the request's id.
  RemoteAsk* free_asks_ = nullptr;
  std::vector<std::unique_ptr<RemoteAsk>> all_asks_;
  std::map<uint64_t, WatchedByPeer> watched_;  // In the order in which the end lets go of them.
  size_t asks_alive_ = 0;
  uint64_t inbound_bytes_ = 0;
  uint64_t held_bytes_ = 0;  // Items that wait for the connection.
  bool wants_room_ = false;  // A stream waits for the connection.
  uint32_t bad_messages_ = 0;

  // Liveness.
  Instant next_tick_;
  uint32_t pings_unanswered_ = 0;
  uint32_t pings_in_window_ = 0;
  Instant next_probe_;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_SESSION_H_
