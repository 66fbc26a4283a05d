#ifndef TROUPE_TRANSPORT_NODE_SHARD_H_
#define TROUPE_TRANSPORT_NODE_SHARD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/base/limits.h"
#include "troupe/loop/loop.h"
#include "troupe/loop/platform.h"
#include "troupe/transport/dial.h"
#include "troupe/transport/export_table.h"
#include "troupe/transport/link.h"
#include "troupe/transport/node_counters.h"
#include "troupe/transport/peer_directory.h"
#include "troupe/transport/peer_watchers.h"
#include "troupe/transport/peers.h"
#include "troupe/transport/ref_finder.h"
#include "troupe/transport/session.h"

namespace troupe::internal {

class NodeCore;

// A node's part on one shard: the connections that the shard owns, and the path from its actors to
// those of other nodes.
//
// Thread: its shard's.
class NodeShard final : private ListenerHandler {
 public:
  NodeShard(NodeCore& core, Shard& shard);
  ~NodeShard();
  NodeShard(const NodeShard&) = delete;
  NodeShard& operator=(const NodeShard&) = delete;

  // Returns the NodeShard of `shard`; null if no node runs.
  static NodeShard* Of(Shard& shard);

  absl::Status Listen(const SocketAddress& address);
  SocketAddress local_address() const { return listener_->local_address(); }
  void Adopt(std::unique_ptr<PendingStream> pending, std::string host);

  // --- From this shard's actors; see Router. ---

  SendResult Send(const AnyRef& target, Envelope* envelope);
  void Cancel(const AnyRef& target, uint16_t asker_shard, uint64_t ask);
  void Credit(const AnyRef& target, uint16_t asker_shard, uint64_t ask, uint32_t items);
  void Monitor(const AnyRef& target, Envelope* down);
  void Demonitor(const AnyRef& target, uint16_t watcher_shard, uint64_t record);

  // --- For others of this node. ---

  // Sends on this shard's session, or refuses.
  void SendHere(const AnyRef& target, Envelope* envelope, bool notice);
  // Sends to `address`, which this shard dials.
  void SendByDial(const SocketAddress& address, const AnyRef& target, Envelope* envelope,
                  bool notice);
  // Sends a message or a lookup through whichever shard has the session. Returns false if none has.
  bool SendVia(uint64_t incarnation, const AnyRef& target, Envelope* envelope, bool notice);
  bool HasSession(uint64_t incarnation, uint64_t session) const;
  Session* FindSession(uint64_t incarnation);
  // Returns null if the node has another session by now, or if no node runs on `shard` any more.
  static Session* FindSession(Shard& shard, uint64_t incarnation, uint64_t session);

  void SessionBegun(Session& session);
  // Ends `session` and lets another one with that node begin; see Session::End().
  void EndSession(Session& session, const absl::Status& why, bool flushes);
  // Sends what waits here for a connection to that node.
  void PassOnTo(uint64_t incarnation);
  void CancelWaiting(uint16_t asker_shard, uint64_t ask);
  void EndReplaced(uint64_t incarnation, uint64_t session);
  void EndElsewhere(uint16_t shard, uint64_t incarnation, uint64_t session);
  void ProbeElsewhere(uint16_t shard, uint64_t incarnation);

  Link* Connect(Dial& dial, const SocketAddress& address, uint64_t replaces);
  void Retire(Link& link);
  void FlushLater(Connection& connection);
  void Forget(Connection& connection);

  // Manage the keys of Downs of local actors that peers watch.
  uint64_t RememberWatch(uint64_t incarnation, uint64_t session, uint64_t wire_id);
  void ForgetWatch(uint64_t key) { watches_.erase(key); }
  void WatchedEnded(uint64_t key, StopReason reason, const absl::Status& status);

  // Account for the memory of peers' requests in progress.
  bool MayTake(uint64_t of_peer, uint64_t bytes) const;
  void Charge(uint64_t bytes) { inbound_bytes_ += bytes; }
  void Release(uint64_t bytes) { inbound_bytes_ -= bytes; }

  // --- The end. ---

  // Says goodbye to all peers, and notifies `drained` once the last connection has closed.
  void BeginDrain(Event* drained);
  bool draining() const { return draining_; }

  NodeCore& core() { return core_; }
  Shard& shard() { return shard_; }
  const Limits& limits() const { return limits_; }
  Platform& platform() { return shard_.loop().platform(); }
  ExportTable& exports();
  RefFinder& refs() { return refs_; }
  NodeCounters& counters() { return counters_; }
  NodeCounters Snapshot() const;
  PeerWatchers& peer_watchers() { return peer_watchers_; }
  // Adds the state of each session of this shard to `peers`.
  void AddPeers(std::vector<PeerState>& peers) const {
    for (const auto& [incarnation, session] : sessions_) peers.push_back(session->State());
  }
  std::span<char> read_buffer() { return {read_buffer_.get(), kReadBytes}; }
  bool IsGreaterThan(const PeerIdentity& peer) const;
  uint64_t NewSessionId();

 private:
  static constexpr size_t kReadBytes = 65536;

  void OnAccept(std::unique_ptr<PendingStream> accepted) override;
  void OnListenerFailed(const absl::Status& status) override;

  const PeerDirectory::Route* RouteTo(uint64_t incarnation);
  SendResult SendLookup(Envelope* envelope);
  SendResult HandOver(uint16_t shard, const AnyRef& target, Envelope* envelope, bool notice);
  SendResult DialFrom(const std::string& address, const AnyRef& target, Envelope* envelope,
                      bool notice);
  void EndTurn();
  void EndTurnLater();
  void CheckDrained();

  // Set once.
  NodeCore& core_;
  Shard& shard_;
  const Limits& limits_;
  const std::unique_ptr<char[]> read_buffer_;

  // This shard.
  std::unique_ptr<Listener> listener_;
  uint32_t next_accept_shard_ = 0;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<std::unique_ptr<Link>> retired_;
  std::map<std::string, std::unique_ptr<Dial>> dials_;
  std::map<uint64_t, Session*> sessions_;
  uint64_t last_incarnation_ = 0;
  Session* last_session_ = nullptr;
  std::vector<Connection*> dirty_;
  bool end_turn_queued_ = false;
  absl::flat_hash_map<uint64_t, PeerDirectory::Route> routes_;
  uint64_t routes_version_ = 0;
  struct Watch {
    uint64_t incarnation;
    uint64_t session;
    uint64_t wire_id;
  };
  absl::flat_hash_map<uint64_t, Watch> watches_;
  uint64_t next_watch_ = 1;
  uint64_t inbound_bytes_ = 0;
  RefFinder refs_;
  NodeCounters counters_;
  PeerWatchers peer_watchers_;
  bool draining_ = false;
  Event* drained_ = nullptr;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_NODE_SHARD_H_
