#include "troupe/transport/session.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/events.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/mail/shard_inbox.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/supervision/monitors.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/base/printable.h"
#include "troupe/base/random.h"
#include "troupe/base/text.h"
#include "troupe/loop/loop.h"
#include "troupe/transport/lookup_request.h"
#include "troupe/transport/node_core.h"
#include "troupe/transport/node_shard.h"
#include "troupe/transport/shard_messages.h"
#include "troupe/transport/status_proto.h"

namespace troupe::internal {
namespace {

// One-way messages whose fate is open: their senders are kept until the peer has them.
constexpr size_t kUnackedMax = 1 << 18;

// How far a stream's writer may be ahead of what is written.
constexpr size_t kStreamWindowBytes = 1 << 20;

// A frame that has begun is whole by then.
constexpr absl::Duration kFrameTimeout = absl::Seconds(30);

}  // namespace

Session::Session(NodeShard& node, SessionOwner& owner, Connection& connection, PeerIdentity peer)
    : node_(node),
      shard_(node.shard()),
      owner_(owner),
      connection_(connection),
      peer_(std::move(peer)),
      outbound_max_(node.limits().peer_outbound_bytes_max),
      frame_max_(std::min(node.limits().frame_bytes_max, peer_.frame_bytes_max)),
      requests_(peer_.asks_max) {
  next_tick_ = shard_.loop().now() + node_.limits().heartbeat_idle;
  shard_.loop().timers().Arm(*this, next_tick_);
}

Session::~Session() {
  TROUPE_CHECK(ended_);
  shard_.loop().timers().Cancel(*this);
}

// --- Frames out. ---

char* Session::Begin(Frame& frame, size_t payload_bytes) {
  if (IsNumbered(frame.type)) frame.sequence = static_cast<uint32_t>(++sent_);
  frame.ack = static_cast<uint32_t>(handled_);
  acks_owed_ = 0;
  ++node_.counters().frames_out;
  return connection_.Append(frame, payload_bytes);
}

void Session::SendMessage(Frame frame, const google::protobuf::MessageLite& message) {
  const size_t bytes = message.ByteSizeLong();
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(Begin(frame, bytes)));
}

bool Session::Full() const { return connection_.pending_bytes() >= outbound_max_; }

SendResult Session::Send(const AnyRef& target, Envelope* envelope, bool notice) {
  const MethodInfo* const method = envelope->type->method;
  if (ended_ || method == nullptr) return SendResult::kGone;
  if (Full() || unacked_.size() >= kUnackedMax) return SendResult::kFull;
  Frame frame{.type = envelope->ask != 0 ? FrameType::kRequest : FrameType::kOneway,
              .flags = kHasTarget | kMandatory};
  frame.target = {target.generation(), target.slot(), target.shard(),
                  static_cast<uint16_t>(method->index), method->fingerprint};
  if (envelope->deadline != kNoDeadline) {
    frame.flags |= kHasDeadline;
    frame.deadline = EncodeRemaining(envelope->deadline - shard_.now_nanos());
  }
  if (method->kind == MethodKind::kServerStream) {
    frame.flags |= kHasCredit;
    frame.credit = node_.limits().stream_credit_items;
  }
  if (notice) {
    frame.flags |= kHasSender;
    frame.sender = {SenderGenerationOf(*envelope), envelope->sender_slot, envelope->sender_shard};
  }
  const size_t bytes = method->request_size(*envelope);
  if (HeaderBytes(frame.flags) + bytes > frame_max_) {
    shard_.dead_letters().RefuseSent(
        target, envelope,
        absl::ResourceExhaustedError(
            absl::StrCat("a message of ", bytes, " bytes is too large for frame_bytes_max")),
        Certainty::kNotSent);
    return SendResult::kAccepted;
  }
  if (const auto* message = node_.refs().InRequest(*method, *envelope)) GrantRefsIn(message);
  if (frame.type == FrameType::kRequest) {
    frame.id = requests_.Add({.ask = envelope->ask,
                              .method = method,
                              .credit = frame.credit,
                              .asker_shard = envelope->sender_shard});
    if (frame.id == 0) return SendResult::kFull;
  }
  char* const payload = Begin(frame, bytes);
  method->write_request(*envelope, payload);
  if (frame.type == FrameType::kRequest) {
    requests_.Find(frame.id)->ends_at = connection_.appended();
  } else {
    const AnyRef sender(target.system(), shard_.incarnation(), envelope->sender_shard,
                        envelope->sender_slot, SenderGenerationOf(*envelope));
    unacked_.push_back({sent_, envelope->type, sender, envelope->sender_life, target,
                        Tag(TagOf(*envelope)), notice});
  }
  envelope->type->destroy(*envelope);
  shard_.Recycle(envelope);
  return SendResult::kAccepted;
}

void Session::GrantRefsIn(const void* message) {
  RefFinder::ForEach(
      *static_cast<const google::protobuf::Message*>(message), [this](const ActorRef& ref) {
        if (ref.incarnation() != shard_.incarnation()) return;
        const AnyRef handle(shard_.runtime().system(), ref.incarnation(),
                            static_cast<uint16_t>(ref.shard()), ref.slot(), ref.generation());
        grants_.Add(handle);
      });
}

void Session::Lookup(Envelope* envelope) {
  const LookupRequest& request = PayloadAs<LookupRequest>(*envelope);
  if (ended_) {
    shard_.dead_letters().Refuse(envelope, absl::UnavailableError("the session has ended"),
                                 Certainty::kNotSent);
    return;
  }
  const uint64_t id = Full() ? 0
                             : requests_.Add({.ask = envelope->ask,
                                              .deliver_ref = request.deliver,
                                              .asker_shard = envelope->sender_shard});
  if (id == 0) {
    shard_.dead_letters().Refuse(
        envelope, absl::ResourceExhaustedError("the way to the node is full"), Certainty::kNotSent);
    return;
  }
  wire::Lookup lookup;
  lookup.set_name(request.name);
  lookup.set_service(std::string(request.service->name));
  SendMessage({.type = FrameType::kLookup, .flags = kMandatory, .id = id}, lookup);
  requests_.Find(id)->ends_at = connection_.appended();
  envelope->type->destroy(*envelope);
  shard_.Recycle(envelope);
}

void Session::Cancel(uint16_t asker_shard, uint64_t ask) {
  const uint64_t id = requests_.IdOf(asker_shard, ask);
  if (ended_ || id == 0) return;
  requests_.Remove(id);
  Frame frame{.type = FrameType::kCancel, .flags = kMandatory, .id = id};
  Begin(frame, 0);
}

void Session::Credit(uint16_t asker_shard, uint64_t ask, uint32_t items) {
  const uint64_t id = requests_.IdOf(asker_shard, ask);
  if (ended_ || id == 0) return;
  requests_.Find(id)->credit += items;
  Frame frame{
      .type = FrameType::kCredit, .flags = kHasCredit | kMandatory, .id = id, .credit = items};
  Begin(frame, 0);
}

void Session::Monitor(const AnyRef& target, Envelope* down) {
  if (ended_ || Full() || monitors_.size() >= peer_.monitors_max) {
    shard_.monitors().Send(
        down, target, ended_ ? StopReason::kNodeDown : StopReason::kUnknown,
        ended_ ? absl::UnavailableError("the session has ended")
               : absl::ResourceExhaustedError("too much goes to that node already"));
    return;
  }
  const uint64_t id = next_monitor_++;
  monitors_[id] = {down, target};
  monitor_ids_[{down->sender_shard, down->record}] = id;
  Frame frame{.type = FrameType::kMonitor, .flags = kHasTarget | kMandatory, .id = id};
  frame.target = {target.generation(), target.slot(), target.shard(), 0, 0};
  Begin(frame, 0);
}

void Session::Demonitor(uint16_t watcher_shard, uint64_t record) {
  const auto it = monitor_ids_.find({watcher_shard, record});
  if (it == monitor_ids_.end()) return;
  const auto watched = monitors_.find(it->second);
  Envelope* const down = watched->second.down;
  down->type->destroy(*down);
  shard_.Recycle(down);
  monitors_.erase(watched);
  Frame frame{.type = FrameType::kDemonitor, .flags = kMandatory, .id = it->second};
  monitor_ids_.erase(it);
  if (!ended_) Begin(frame, 0);
}

// --- Replies. ---

void Session::SendError(uint64_t wire_id, const absl::Status& status) {
  SendMessage({.type = FrameType::kError, .flags = kMandatory, .id = wire_id}, ToWire(status));
}

void Session::SendError(uint64_t wire_id, absl::Status status, Certainty certainty) {
  SendError(wire_id, WithCertainty(std::move(status), certainty));
}

void Session::Answer(RemoteAsk& ask, absl::Status status, void* value) {
  if (!ask.held.empty()) {
    ask.ended = std::move(status);  // A stream has no value besides its items.
    return;
  }
  if (value == nullptr || !status.ok()) {
    Finish(ask, status);
    return;
  }
  const MethodInfo& method = *ask.method;
  const size_t bytes = method.response_size(value);
  if (kBaseHeaderBytes + bytes > frame_max_) {
    Finish(ask, WithCertainty(absl::ResourceExhaustedError(absl::StrCat(
                                  "a reply of ", bytes, " bytes is too large for frame_bytes_max")),
                              Certainty::kMaybeExecuted));
    return;
  }
  if (!ask.dropped) {
    if (const auto* message = node_.refs().InResponse(method, value)) GrantRefsIn(message);
    Frame frame{.type = FrameType::kResponse, .flags = kMandatory, .id = ask.wire_id};
    method.write_response(value, Begin(frame, bytes));
  }
  Recycle(ask);
}

// The outcome is an error, or that of a stream.
void Session::Finish(RemoteAsk& ask, const absl::Status& status) {
  if (!ask.dropped) {
    if (status.ok()) {
      Frame frame{.type = FrameType::kResponse, .flags = kMandatory, .id = ask.wire_id};
      Begin(frame, 0);
    } else {
      SendError(ask.wire_id, status);
    }
  }
  Recycle(ask);
}

void Session::Item(RemoteAsk& ask, void* value) {
  if (ask.dropped) return;
  const MethodInfo& method = *ask.method;
  const size_t bytes = method.response_size(value);
  const bool holds = Full() || !ask.held.empty();
  absl::Status why;
  if (kBaseHeaderBytes + bytes > frame_max_) {
    why = absl::ResourceExhaustedError(
        absl::StrCat("an item of ", bytes, " bytes is too large for frame_bytes_max"));
  } else if (holds && held_bytes_ + bytes > outbound_max_) {
    why = absl::ResourceExhaustedError("too many items wait for the connection");
  }
  if (!why.ok()) {
    shard_.asks().Drop(ask);
    Answer(ask, WithCertainty(why, Certainty::kMaybeExecuted), nullptr);
    return;
  }
  if (const auto* message = node_.refs().InResponse(method, value)) GrantRefsIn(message);
  if (ask.granted > 0) --ask.granted;
  ask.window = static_cast<uint32_t>(std::clamp<size_t>(
      kStreamWindowBytes / std::max<size_t>(bytes, 1), 1, node_.limits().stream_credit_items));
  if (holds) {
    std::string& held = ask.held.emplace_back(bytes, '\0');
    method.write_response(value, held.data());
    held_bytes_ += bytes;
    wants_room_ = true;
    return;
  }
  Frame frame{.type = FrameType::kItem, .flags = kMandatory, .id = ask.wire_id};
  method.write_response(value, Begin(frame, bytes));
  // In its own measure, half a window at a time.
  if (ask.granted <= ask.window / 2) TopUp(ask);
}

void Session::WriteItem(RemoteAsk& ask, std::string_view bytes) {
  Frame frame{.type = FrameType::kItem, .flags = kMandatory, .id = ask.wire_id};
  std::copy(bytes.begin(), bytes.end(), Begin(frame, bytes.size()));
}

// Gives the writer as much room as the peer has, and no more than a window.
void Session::TopUp(RemoteAsk& ask) {
  const uint32_t room = std::min(ask.credit, ask.window - std::min(ask.window, ask.granted));
  if (room == 0 || !ask.pending()) return;
  if (Full()) {
    wants_room_ = true;
    return;
  }
  ask.credit -= room;
  ask.granted += room;
  GrantCredit(ask.target(), ask.id(), room);
}

void Session::WriteHeld(RemoteAsk& ask) {
  while (!ask.held.empty() && !Full()) {
    held_bytes_ -= ask.held.front().size();
    WriteItem(ask, ask.held.front());
    ask.held.pop_front();
  }
  if (!ask.held.empty()) {
    wants_room_ = true;
  } else if (ask.ended.has_value()) {
    Finish(ask, absl::Status(*ask.ended));
  } else {
    TopUp(ask);
  }
}

void Session::OnRoom() {
  if (ended_ || !std::exchange(wants_room_, false)) return;
  for (size_t i = 0; i < all_asks_.size(); ++i) {
    RemoteAsk& ask = *all_asks_[i];
    if (ask.busy && ask.method->kind == MethodKind::kServerStream) WriteHeld(ask);
  }
}

void RemoteAsk::OnReply(absl::Status status, void* value) {
  session_.Answer(*this, std::move(status), value);
}
void RemoteAsk::OnItem(void* value) { session_.Item(*this, value); }

RemoteAsk* Session::TakeRemoteAsk() {
  if (free_asks_ == nullptr) {
    all_asks_.push_back(std::make_unique<RemoteAsk>(*this));
    free_asks_ = all_asks_.back().get();
  }
  RemoteAsk* const ask = free_asks_;
  free_asks_ = ask->next_free;
  ask->busy = true;
  ++asks_alive_;
  return ask;
}

void Session::Recycle(RemoteAsk& ask) {
  inbound_bytes_ -= ask.charge;
  node_.Release(ask.charge);
  RemoteAsk*& place = asks_[ask.wire_id & RequestTable::kNone];
  if (place == &ask) place = nullptr;
  ask.busy = false;
  ask.dropped = false;
  for (const std::string& item : ask.held) held_bytes_ -= item.size();
  ask.held.clear();
  ask.ended.reset();
  ask.next_free = free_asks_;
  free_asks_ = &ask;
  --asks_alive_;
  // A peer that asks and does not read what it asked for has its end here.
  if (connection_.pending_bytes() >
      outbound_max_ + node_.limits().peer_outbound_control_bytes_max) {
    EndLater();
  }
}

// At the end of the turn: whoever calls this is in the middle of something.
void Session::EndLater() {
  if (ended_ || std::exchange(ending_, true)) return;
  shard_.inbox().Defer([&shard = shard_, incarnation = peer_.incarnation, session = peer_.session] {
    Session* const found = NodeShard::FindSession(shard, incarnation, session);
    if (found != nullptr) found->EndAsSlow();
  });
}

void Session::EndAsSlow() {
  owner_.EndSession(wire::Goodbye::SLOW,
                    absl::UnavailableError("the peer does not read its replies"));
}

RemoteAsk* Session::AskAt(uint64_t wire_id) {
  const size_t index = wire_id & RequestTable::kNone;
  RemoteAsk* const ask = index < asks_.size() ? asks_[index] : nullptr;
  return ask != nullptr && ask->wire_id == wire_id ? ask : nullptr;
}

void Session::DropRemoteAsk(RemoteAsk& ask) {
  ask.dropped = true;
  if (ask.pending()) shard_.asks().Drop(ask);
  Recycle(ask);
}

void Session::SendDown(uint64_t wire_id, StopReason reason, const absl::Status& status) {
  if (ended_ || watched_.erase(wire_id) == 0) return;
  wire::Down down;
  switch (reason) {
    case StopReason::kShutdown:
      down.set_reason(wire::Down::SHUTDOWN);
      break;
    case StopReason::kFailed:
      down.set_reason(wire::Down::FAILED);
      break;
    case StopReason::kNeverBorn:
      down.set_reason(wire::Down::NEVER_BORN);
      break;
    case StopReason::kUnknown:
    case StopReason::kNodeDown:
      down.set_reason(wire::Down::UNKNOWN);
      break;
    case StopReason::kStopped:
      down.set_reason(wire::Down::STOPPED);
      break;
  }
  if (!status.ok()) *down.mutable_status() = ToWire(status);
  SendMessage({.type = FrameType::kDown, .flags = kMandatory, .id = wire_id}, down);
}

// --- Liveness and the end. ---

void Session::OnTimer() {
  const Limits& limits = node_.limits();
  const Instant now = shard_.loop().now();
  // A late tick means that this process stood still, which is nobody else's fault.
  // So is what waits in the kernel while nothing is read.
  if (now - next_tick_ > limits.heartbeat_suspect || !connection_.reading()) {
    connection_.set_last_heard(now);
  }
  const absl::Duration silent = now - connection_.last_heard();
  if (silent >= limits.heartbeat_dead) {
    owner_.EndSession(
        wire::Goodbye::REASON_UNSPECIFIED,
        absl::UnavailableError(absl::StrCat("no byte came for ", absl::FormatDuration(silent))));
    return;
  }
  if (!connection_.stalled_since().is_infinite() &&
      now - connection_.stalled_since() >= limits.heartbeat_dead) {
    owner_.EndSession(wire::Goodbye::SLOW, absl::UnavailableError("the peer reads nothing"));
    return;
  }
  if (!connection_.frame_since().is_infinite() && now - connection_.frame_since() > kFrameTimeout) {
    owner_.EndSession(wire::Goodbye::SLOW, absl::UnavailableError("a frame takes too long"));
    return;
  }
  if (silent >= limits.heartbeat_idle) {
    wire::Ping ping;
    ping.set_token(shard_.random().Next());
    SendMessage({.type = FrameType::kPing}, ping);
  } else if (acks_owed_ > 0) {
    Frame ack{.type = FrameType::kAck};
    Begin(ack, 0);
  }
  pings_in_window_ = 0;
  connection_.ReleaseIdleMemory();
  next_tick_ =
      std::min(now + limits.heartbeat_idle, connection_.last_heard() + limits.heartbeat_dead);
  shard_.loop().timers().Arm(*this, next_tick_);
}

void Session::Probe() {
  const Limits& limits = node_.limits();
  const Instant now = shard_.loop().now();
  if (ended_ || now < next_probe_) return;
  next_probe_ = now + limits.heartbeat_dead;
  // As if it had been silent for long: what it sends within heartbeat_idle clears it.
  connection_.set_last_heard(
      std::min(connection_.last_heard(),
               Instant{now.nanos - NanosRoundedUp(limits.heartbeat_dead - limits.heartbeat_idle)}));
  wire::Ping ping;
  SendMessage({.type = FrameType::kPing}, ping);
  shard_.loop().timers().Cancel(*this);
  next_tick_ = now + limits.heartbeat_idle;
  shard_.loop().timers().Arm(*this, next_tick_);
}

void Session::SayGoodbye(wire::Goodbye::Reason reason, std::string_view detail) {
  wire::Goodbye goodbye;
  goodbye.set_reason(reason);
  goodbye.set_detail(std::string(detail));
  SendMessage({.type = FrameType::kGoodbye}, goodbye);
}

void Session::End(const absl::Status& why, bool flushes) {
  if (ended_) return;
  ended_ = true;
  shard_.loop().timers().Cancel(*this);
  const std::string text =
      absl::StrCat("the session with node \"", Printable(peer_.name), "\" ended: ", why.message());
  const uint64_t written = connection_.written();
  requests_.TakeAll([&](const Request& request) {
    const bool sent = flushes || written >= request.ends_at;
    SendDataTo(shard_, request.asker_shard,
               FailAsk{request.ask,
                       WithCertainty(absl::UnavailableError(text),
                                     sent ? Certainty::kMaybeExecuted : Certainty::kNotSent)});
  });
  for (const Unacked& message : unacked_) {
    if (message.sequence <= acked_) continue;
    ++shard_.counters().dead_letters;
    if (!message.notice) continue;
    SendDataTo(shard_, message.sender.shard(), message.Notice(absl::StatusCode::kUnavailable));
  }
  unacked_.clear();
  held_frames_.clear();
  for (auto& [id, watched] : monitors_) {
    shard_.monitors().Send(watched.down, watched.target, StopReason::kNodeDown,
                           absl::UnavailableError(text));
  }
  monitors_.clear();
  monitor_ids_.clear();
  for (const auto& ask : all_asks_) {
    if (ask->busy) DropRemoteAsk(*ask);
  }
  for (const auto& [id, watched] : watched_) {
    node_.ForgetWatch(watched.key);
    shard_.monitors().Remove(watched.target, shard_.index(), watched.key);
  }
  watched_.clear();
}

}  // namespace troupe::internal
