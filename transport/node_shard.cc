#include "troupe/transport/node_shard.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/mail/outboxes.h"
#include "troupe/actors/mail/shard_inbox.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/supervision/monitors.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/actors/typing/method.h"
#include "troupe/base/logging.h"
#include "troupe/base/random.h"
#include "troupe/base/text.h"
#include "troupe/loop/loop.h"
#include "troupe/transport/lookup_request.h"
#include "troupe/transport/node_core.h"
#include "troupe/transport/peer_handover.h"

namespace troupe::internal {
namespace {

// Above every record's id, so that a peer's monitor is not taken for one of this node's.
constexpr uint64_t kWatchBit = uint64_t{1} << 63;
constexpr size_t kDialsMax = 4096;

absl::Status NoNode() { return absl::UnavailableError("the node has ended"); }
absl::Status NoSession() { return absl::UnavailableError("the node is not reachable"); }

// Which shard dials an address: the same on all of them.
uint16_t ShardOf(std::string_view address, size_t shards) {
  return static_cast<uint16_t>(Fingerprint(address, "") % shards);
}

struct SendHandover {
  AnyRef target;
  Envelope* envelope;
  bool notice;

  void operator()(Shard& shard) {
    if (NodeShard* const node = NodeShard::Of(shard)) {
      node->SendHere(target, envelope, notice);
    } else {
      shard.dead_letters().RefuseSent(target, envelope, NoNode(), Certainty::kNotSent);
    }
  }
};

struct DialHandover {
  AnyRef target;
  std::unique_ptr<SocketAddress> address;
  Envelope* envelope;
  bool notice;

  void operator()(Shard& shard) {
    if (NodeShard* const node = NodeShard::Of(shard)) {
      node->SendByDial(*address, target, envelope, notice);
    } else {
      shard.dead_letters().RefuseSent(target, envelope, NoNode(), Certainty::kNotSent);
    }
  }
};

struct CancelHandover {
  uint64_t incarnation;
  uint64_t ask;
  uint16_t asker_shard;

  void operator()(Shard& shard) {
    NodeShard* const node = NodeShard::Of(shard);
    Session* const session = node != nullptr ? node->FindSession(incarnation) : nullptr;
    if (session != nullptr) session->Cancel(asker_shard, ask);
  }
};

struct CreditHandover {
  uint64_t incarnation;
  uint64_t ask;
  uint32_t items;
  uint16_t asker_shard;

  void operator()(Shard& shard) {
    NodeShard* const node = NodeShard::Of(shard);
    Session* const session = node != nullptr ? node->FindSession(incarnation) : nullptr;
    if (session != nullptr) session->Credit(asker_shard, ask, items);
  }
};

struct MonitorHandover {
  AnyRef target;
  Envelope* down;

  void operator()(Shard& shard) {
    NodeShard* const node = NodeShard::Of(shard);
    Session* const session = node != nullptr ? node->FindSession(target.incarnation()) : nullptr;
    if (session != nullptr) {
      session->Monitor(target, down);
    } else {
      shard.monitors().Send(down, target, StopReason::kNodeDown, NoSession());
    }
  }
};

struct DemonitorHandover {
  uint64_t incarnation;
  uint64_t record;
  uint16_t watcher_shard;

  void operator()(Shard& shard) {
    NodeShard* const node = NodeShard::Of(shard);
    Session* const session = node != nullptr ? node->FindSession(incarnation) : nullptr;
    if (session != nullptr) session->Demonitor(watcher_shard, record);
  }
};

struct AdoptHandover {
  std::unique_ptr<PendingStream> pending;
  std::string host;

  void operator()(Shard& shard) {
    if (NodeShard* const node = NodeShard::Of(shard)) node->Adopt(std::move(pending), host);
  }
};

struct EndHandover {
  uint64_t incarnation;
  uint64_t session;

  void operator()(Shard& shard) {
    if (NodeShard* const node = NodeShard::Of(shard)) node->EndReplaced(incarnation, session);
  }
};

// The asker of a request that waits for a connection gave up.
struct DialCancelHandover {
  uint64_t ask;
  uint16_t asker_shard;

  void operator()(Shard& shard) {
    if (NodeShard* const node = NodeShard::Of(shard)) node->CancelWaiting(asker_shard, ask);
  }
};

struct ProbeHandover {
  uint64_t incarnation;

  void operator()(Shard& shard) {
    NodeShard* const node = NodeShard::Of(shard);
    Session* const session = node != nullptr ? node->FindSession(incarnation) : nullptr;
    if (session != nullptr) session->Probe();
  }
};

// Whether whoever sends now has an On(Undelivered).
bool WantsNotice(Shard& shard, const Envelope& envelope) {
  if (envelope.ask != 0) return false;
  const Cell* const cell = shard.running().cell;
  return cell != nullptr && cell->instance() != nullptr &&
         cell->instance()->info().undelivered != nullptr;
}

}  // namespace

NodeShard::NodeShard(NodeCore& core, Shard& shard)
    : core_(core),
      shard_(shard),
      limits_(shard.limits()),
      read_buffer_(new char[kReadBytes]),
      peer_watchers_(shard) {}

NodeShard::~NodeShard() {
  listener_.reset();
  for (const auto& [address, dial] : dials_) dial->End(NoNode());
  dials_.clear();
  while (!links_.empty()) links_.back()->Abort(NoNode());
  retired_.clear();
}

NodeShard* NodeShard::Of(Shard& shard) {
  auto* const core = static_cast<NodeCore*>(shard.runtime().router());
  return core != nullptr ? core->here() : nullptr;
}

ExportTable& NodeShard::exports() { return core_.exports(); }

bool NodeShard::IsGreaterThan(const PeerIdentity& peer) const {
  return std::tuple(std::string_view(core_.name()), shard_.incarnation()) >
         std::tuple(std::string_view(peer.name), peer.incarnation);
}

uint64_t NodeShard::NewSessionId() { return std::max<uint64_t>(shard_.random().Next(), 1); }

// --- Connections. ---

absl::Status NodeShard::Listen(const SocketAddress& address) {
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      platform().Listen(shard_.loop().poller(), shard_.loop().timers(), address,
                        static_cast<int>(limits_.turn_accepts_max), this);
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  return absl::OkStatus();
}

void NodeShard::OnAccept(std::unique_ptr<PendingStream> accepted) {
  const SocketAddress from = accepted->peer_address();
  if (draining_ || !core_.MayReach(from).ok() || !core_.doorman().Enter(from.host)) {
    ++counters_.connections_refused;
    return;
  }
  const auto shard = static_cast<uint16_t>(next_accept_shard_++ % core_.shard_count());
  SendDataTo(shard_, shard, AdoptHandover{std::move(accepted), from.host});
}

void NodeShard::Adopt(std::unique_ptr<PendingStream> pending, std::string host) {
  if (draining_) {
    core_.doorman().Leave(host);
    return;
  }
  auto link = std::make_unique<Link>(*this, std::move(pending), std::move(host));
  link->place = links_.size();
  links_.push_back(std::move(link));
}

void NodeShard::OnListenerFailed(const absl::Status& status) {
  TROUPE_LOG(kError, "node \"", Printable(core_.name()),
             "\" no longer listens: ", status.message());
}

Link* NodeShard::Connect(Dial& dial, const SocketAddress& address, uint64_t replaces) {
  auto link = std::make_unique<Link>(*this, dial, address, replaces);
  Link* const made = link.get();
  made->place = links_.size();
  links_.push_back(std::move(link));
  return made;
}

void NodeShard::Retire(Link& link) {
  const size_t place = link.place;
  retired_.push_back(std::move(links_[place]));
  if (place + 1 < links_.size()) {
    links_[place] = std::move(links_.back());
    links_[place]->place = place;
  }
  links_.pop_back();
  EndTurnLater();
  CheckDrained();
}

void NodeShard::FlushLater(Connection& connection) {
  dirty_.push_back(&connection);
  EndTurnLater();
}

void NodeShard::Forget(Connection& connection) { std::erase(dirty_, &connection); }

void NodeShard::EndTurnLater() {
  if (end_turn_queued_) return;
  end_turn_queued_ = true;
  // Not `this`, which may end in this very turn.
  Shard* const shard = &shard_;
  shard_.inbox().Defer([shard] {
    if (NodeShard* const node = Of(*shard)) node->EndTurn();
  });
}

void NodeShard::EndTurn() {
  end_turn_queued_ = false;
  for (size_t i = 0; i < dirty_.size(); ++i) {
    dirty_[i]->Flush();
  }
  dirty_.clear();
  retired_.clear();
}

// --- Sessions. ---

Session* NodeShard::FindSession(uint64_t incarnation) {
  if (incarnation == last_incarnation_ && last_session_ != nullptr) [[likely]]
    return last_session_;
  const auto it = sessions_.find(incarnation);
  if (it == sessions_.end()) return nullptr;
  last_incarnation_ = incarnation;
  last_session_ = it->second;
  return last_session_;
}

Session* NodeShard::FindSession(Shard& shard, uint64_t incarnation, uint64_t session) {
  NodeShard* const node = Of(shard);
  Session* const found = node != nullptr ? node->FindSession(incarnation) : nullptr;
  return found != nullptr && found->peer().session == session ? found : nullptr;
}

void NodeShard::SessionBegun(Session& session) {
  sessions_[session.peer().incarnation] = &session;
  ++counters_.sessions_begun;
  session.NoteBegun(core_.NextNewsNumber(), platform().clock().WallNow());
  SpreadNews(shard_, session.NewsOf(session.began(), absl::OkStatus()));
}

void NodeShard::PassOnTo(uint64_t incarnation) {
  for (const auto& [address, dial] : dials_) dial->PassOnTo(incarnation);
}

void NodeShard::EndSession(Session& session, const absl::Status& why, bool flushes) {
  sessions_.erase(session.peer().incarnation);
  last_session_ = nullptr;
  ++counters_.sessions_ended;
  session.End(why, flushes);
  // Numbered before another session with that node can begin, and sent behind the Downs.
  const uint64_t number = core_.NextNewsNumber();
  core_.directory().Release(session.peer().incarnation, session.peer().session);
  SpreadNews(shard_, session.NewsOf(number, why));
}

bool NodeShard::HasSession(uint64_t incarnation, uint64_t session) const {
  const auto route = core_.directory().Find(incarnation);
  return route.has_value() && route->session != 0 && (session == 0 || route->session == session);
}

void NodeShard::EndReplaced(uint64_t incarnation, uint64_t session) {
  for (const auto& link : links_) {
    Session* const found = link->session();
    if (found == nullptr || found->peer().incarnation != incarnation ||
        found->peer().session != session) {
      continue;
    }
    link->Leave(wire::Goodbye::REPLACED, absl::UnavailableError("a newer session replaced it"));
    return;
  }
}

void NodeShard::EndElsewhere(uint16_t shard, uint64_t incarnation, uint64_t session) {
  SendDataTo(shard_, shard, EndHandover{incarnation, session});
}

void NodeShard::ProbeElsewhere(uint16_t shard, uint64_t incarnation) {
  SendDataTo(shard_, shard, ProbeHandover{incarnation});
}

const PeerDirectory::Route* NodeShard::RouteTo(uint64_t incarnation) {
  const uint64_t version = core_.directory().version();
  if (version != routes_version_) {
    routes_.clear();
    routes_version_ = version;
  }
  const auto [it, is_new] = routes_.try_emplace(incarnation);
  if (is_new) {
    const auto route = core_.directory().Find(incarnation);
    if (!route.has_value()) {
      routes_.erase(it);
      return nullptr;
    }
    it->second = *route;
  }
  return &it->second;
}

// --- The way out. ---

SendResult NodeShard::Send(const AnyRef& target, Envelope* envelope) {
  const uint64_t incarnation = target.incarnation();
  if (Session* const session = FindSession(incarnation)) [[likely]] {
    return session->Send(target, envelope, WantsNotice(shard_, *envelope));
  }
  if (draining_) return SendResult::kGone;
  if (incarnation == kNobody) return SendLookup(envelope);
  if (envelope->type->method == nullptr) return SendResult::kGone;
  const PeerDirectory::Route* const route = RouteTo(incarnation);
  if (route == nullptr) return SendResult::kGone;
  const bool notice = WantsNotice(shard_, *envelope);
  if (route->session != 0) {
    return route->shard != shard_.index() ? HandOver(route->shard, target, envelope, notice)
                                          : SendResult::kGone;
  }
  if (route->address.empty()) return SendResult::kGone;
  return DialFrom(route->address, target, envelope, notice);
}

SendResult NodeShard::HandOver(uint16_t shard, const AnyRef& target, Envelope* envelope,
                               bool notice) {
  Outbox& outbox = shard_.outboxes().To(shard);
  if (outbox.Full(envelope->bytes)) {
    ++shard_.counters().refused_full;
    return SendResult::kFull;
  }
  Envelope* const carrier = shard_.NewEnvelope(&kControlType<SendHandover>);
  shard_.SetPayload(carrier, SendHandover{target, envelope, notice}, envelope->bytes);
  // Charged and refused as the message is.
  carrier->slot = kShardSlot;
  shard_.outboxes().Push(outbox, carrier, Charge::kMessage);
  return SendResult::kAccepted;
}

void NodeShard::SendHere(const AnyRef& target, Envelope* envelope, bool notice) {
  Session* const session = FindSession(target.incarnation());
  const SendResult result =
      session != nullptr ? session->Send(target, envelope, notice) : SendResult::kGone;
  if (result == SendResult::kAccepted) return;
  shard_.dead_letters().RefuseSent(target, envelope,
                                   result == SendResult::kFull
                                       ? absl::ResourceExhaustedError("the way to the node is full")
                                       : NoSession(),
                                   Certainty::kNotSent);
}

bool NodeShard::SendVia(uint64_t incarnation, const AnyRef& target, Envelope* envelope,
                        bool notice) {
  const bool is_lookup = target.incarnation() == kNobody;
  if (Session* const session = FindSession(incarnation)) {
    if (is_lookup) {
      session->Lookup(envelope);
    } else {
      SendHere(target, envelope, notice);
    }
    return true;
  }
  const PeerDirectory::Route* const route = RouteTo(incarnation);
  if (route == nullptr || route->session == 0 || route->shard == shard_.index()) return false;
  if (is_lookup) {
    // The session's shard finds it by the incarnation.
    struct LookupHandover {
      uint64_t incarnation;
      Envelope* envelope;

      void operator()(Shard& shard) {
        NodeShard* const node = Of(shard);
        Session* const session = node != nullptr ? node->FindSession(incarnation) : nullptr;
        if (session != nullptr) {
          session->Lookup(envelope);
        } else {
          shard.dead_letters().Refuse(envelope, NoSession(), Certainty::kNotSent);
        }
      }
    };
    SendDataTo(shard_, route->shard, LookupHandover{incarnation, envelope});
  } else {
    SendDataTo(shard_, route->shard, SendHandover{target, envelope, notice});
  }
  return true;
}

SendResult NodeShard::SendLookup(Envelope* envelope) {
  const LookupRequest& request = PayloadAs<LookupRequest>(*envelope);
  if (!request.bad_url.ok()) {
    absl::Status why = request.bad_url;
    shard_.dead_letters().Refuse(envelope, std::move(why), Certainty::kNotSent);
    return SendResult::kAccepted;
  }
  const std::string address = request.address;
  return DialFrom(address, AnyRef(shard_.runtime().system(), kNobody, 0, 0, 0), envelope,
                  /*notice=*/false);
}

// To the shard that dials `address`.
SendResult NodeShard::DialFrom(const std::string& address, const AnyRef& target, Envelope* envelope,
                               bool notice) {
  const absl::StatusOr<SocketAddress> parsed = SocketAddress::Parse(address);
  if (!parsed.ok()) {
    shard_.dead_letters().RefuseSent(target, envelope, parsed.status(), Certainty::kNotSent);
    return SendResult::kAccepted;
  }
  const uint16_t shard = ShardOf(address, core_.shard_count());
  if (shard != shard_.index() && shard_.outboxes().To(shard).Full(envelope->bytes)) {
    ++shard_.counters().refused_full;
    return SendResult::kFull;
  }
  SendDataTo(shard_, shard,
             DialHandover{target, std::make_unique<SocketAddress>(*parsed), envelope, notice});
  return SendResult::kAccepted;
}

void NodeShard::SendByDial(const SocketAddress& address, const AnyRef& target, Envelope* envelope,
                           bool notice) {
  if (draining_) {
    shard_.dead_letters().RefuseSent(target, envelope, NoNode(), Certainty::kNotSent);
    return;
  }
  const std::string text = address.ToString();
  auto it = dials_.find(text);
  if (it == dials_.end()) {
    if (dials_.size() >= kDialsMax) {
      std::erase_if(dials_, [](const auto& entry) { return entry.second->idle(); });
    }
    if (dials_.size() >= kDialsMax) {
      shard_.dead_letters().RefuseSent(
          target, envelope, absl::ResourceExhaustedError("too many addresses are being reached"),
          Certainty::kNotSent);
      return;
    }
    it = dials_.emplace(text, std::make_unique<Dial>(*this, address)).first;
  }
  it->second->Take(target, envelope, notice);
}

void NodeShard::Cancel(const AnyRef& target, uint16_t asker_shard, uint64_t ask) {
  if (Session* const session = FindSession(target.incarnation())) {
    session->Cancel(asker_shard, ask);
    return;
  }
  const PeerDirectory::Route* const route = RouteTo(target.incarnation());
  if (route == nullptr) return;
  if (!route->address.empty()) {
    // It may wait for a connection still.
    SendDataTo(shard_, ShardOf(route->address, core_.shard_count()),
               DialCancelHandover{ask, asker_shard});
  }
  if (route->session == 0 || route->shard == shard_.index()) return;
  SendDataTo(shard_, route->shard, CancelHandover{target.incarnation(), ask, asker_shard});
}

void NodeShard::CancelWaiting(uint16_t asker_shard, uint64_t ask) {
  for (const auto& [address, dial] : dials_) dial->Cancel(asker_shard, ask);
}

void NodeShard::Credit(const AnyRef& target, uint16_t asker_shard, uint64_t ask, uint32_t items) {
  if (Session* const session = FindSession(target.incarnation())) {
    session->Credit(asker_shard, ask, items);
    return;
  }
  const PeerDirectory::Route* const route = RouteTo(target.incarnation());
  if (route == nullptr || route->session == 0 || route->shard == shard_.index()) return;
  SendDataTo(shard_, route->shard, CreditHandover{target.incarnation(), ask, items, asker_shard});
}

void NodeShard::Monitor(const AnyRef& target, Envelope* down) {
  if (Session* const session = FindSession(target.incarnation())) {
    session->Monitor(target, down);
    return;
  }
  const PeerDirectory::Route* const route = RouteTo(target.incarnation());
  if (route == nullptr || route->session == 0 || route->shard == shard_.index()) {
    shard_.monitors().Send(down, target, StopReason::kNodeDown, NoSession());
    return;
  }
  SendDataTo(shard_, route->shard, MonitorHandover{target, down});
}

void NodeShard::Demonitor(const AnyRef& target, uint16_t watcher_shard, uint64_t record) {
  if (Session* const session = FindSession(target.incarnation())) {
    session->Demonitor(watcher_shard, record);
    return;
  }
  const PeerDirectory::Route* const route = RouteTo(target.incarnation());
  if (route == nullptr || route->session == 0 || route->shard == shard_.index()) return;
  SendDataTo(shard_, route->shard, DemonitorHandover{target.incarnation(), record, watcher_shard});
}

// --- What peers watch, and what they cost. ---

uint64_t NodeShard::RememberWatch(uint64_t incarnation, uint64_t session, uint64_t wire_id) {
  const uint64_t key = kWatchBit | next_watch_++;
  watches_[key] = {incarnation, session, wire_id};
  return key;
}

void NodeShard::WatchedEnded(uint64_t key, StopReason reason, const absl::Status& status) {
  const auto it = watches_.find(key);
  if (it == watches_.end()) return;
  const Watch watch = it->second;
  watches_.erase(it);
  if (Session* const session = FindSession(shard_, watch.incarnation, watch.session)) {
    session->SendDown(watch.wire_id, reason, status);
  }
}

bool NodeShard::MayTake(uint64_t of_peer, uint64_t bytes) const {
  return of_peer + bytes <= limits_.peer_inbound_bytes_max &&
         inbound_bytes_ + bytes <= std::max(limits_.node_inbound_bytes_max / core_.shard_count(),
                                            limits_.peer_inbound_bytes_max);
}

// --- The end. ---

void NodeShard::BeginDrain(Event* drained) {
  draining_ = true;
  drained_ = drained;
  listener_.reset();
  const absl::Status why = absl::UnavailableError("the node shuts down");
  for (const auto& [address, dial] : dials_) dial->End(why);
  // Leaving may retire a link and move another to its place.
  for (size_t i = links_.size(); i-- > 0;) {
    if (i < links_.size()) links_[i]->Leave(wire::Goodbye::SHUTDOWN, why);
  }
  CheckDrained();
}

void NodeShard::CheckDrained() {
  if (draining_ && links_.empty() && drained_ != nullptr)
    std::exchange(drained_, nullptr)->Notify();
}

NodeCounters NodeShard::Snapshot() const {
  NodeCounters snapshot = counters_;
  snapshot.sessions_alive = sessions_.size();
  for (const auto& [incarnation, session] : sessions_) {
    snapshot.asks_alive += session->asks_alive();
    snapshot.requests_alive += session->requests_alive();
  }
  return snapshot;
}

}  // namespace troupe::internal
