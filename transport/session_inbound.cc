// Session: what the peer sends.

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/envelopes/message_origin.h"
#include "troupe/actors/mail/shard_inbox.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/foreign.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/supervision/monitors.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/base/check.h"
#include "troupe/base/logging.h"
#include "troupe/base/text.h"
#include "troupe/transport/lookup_request.h"
#include "troupe/transport/node_core.h"
#include "troupe/transport/node_shard.h"
#include "troupe/transport/session.h"
#include "troupe/transport/shard_messages.h"
#include "troupe/transport/status_proto.h"

namespace troupe::internal {
namespace {

// What a request takes in memory before it is parsed: at most this many times its bytes.
constexpr uint64_t kParseAmplification = 20;
// Room for items that a reader grants at most.
constexpr uint32_t kCreditMax = 1 << 24;
// Frames that come without one going back before they are acknowledged on their own.
constexpr uint32_t kAcksOwedMax = 256;
constexpr uint32_t kPingsPerWindowMax = 64;
// Items that a stream's writer may be ahead until their size is known.
constexpr uint32_t kFirstItems = 4;
// How many turns an actor that was addressed may take until it is born.
constexpr uint16_t kTurnsToBirthMax = 1024;

const MethodInfo* FindMethod(const ServiceInfo& service, const FrameTarget& target) {
  if (target.method < service.methods.size() &&
      service.methods[target.method]->fingerprint == target.fingerprint) {
    return service.methods[target.method];
  }
  for (const MethodInfo* const method : service.methods) {
    if (method->fingerprint == target.fingerprint) return method;
  }
  return nullptr;
}

template <typename M>
bool Parse(const Frame& frame, M& message) {
  return message.ParseFromArray(frame.payload.data(), static_cast<int>(frame.payload.size()));
}

StopReason FromWire(wire::Down::Reason reason) {
  switch (reason) {
    case wire::Down::STOPPED:
      return StopReason::kStopped;
    case wire::Down::SHUTDOWN:
      return StopReason::kShutdown;
    case wire::Down::FAILED:
      return StopReason::kFailed;
    case wire::Down::NEVER_BORN:
      return StopReason::kNeverBorn;
    default:
      return StopReason::kUnknown;
  }
}

Progress DispatchRemoteDown(Actor*, Envelope& envelope) {
  PayloadGuard<Down> guard(envelope);
  const Down& down = PayloadAs<Down>(envelope);
  Shard& shard = *Shard::Current();
  if (NodeShard* const node = NodeShard::Of(shard)) {
    node->WatchedEnded(envelope.record, down.reason, down.status);
  }
  return Progress::kDone;
}
constexpr MessageType kRemoteDownType = {
    .dispatch = &DispatchRemoteDown, .destroy = &DestroyPayload<Down>, .name = "troupe.Down"};

// Asks the target's shard what it serves; the answer comes back to the session.
struct ResolveAnswer {
  uint64_t incarnation;
  uint64_t session;
  const ServiceInfo* service;
  uint32_t grant;
  bool alive;

  void operator()(Shard& shard) {
    if (Session* const found = NodeShard::FindSession(shard, incarnation, session)) {
      found->Resolved(grant, service, alive);
    }
  }
};

struct ResolveQuestion {
  AnyRef target;
  uint64_t incarnation;
  uint64_t session;
  uint32_t grant;
  uint16_t asker_shard;
  uint16_t turns = 0;

  void operator()(Shard& shard) {
    const Cell* const cell = shard.Find(target);
    if (cell != nullptr && cell->instance() == nullptr && cell->state == CellState::kLeased &&
        ++turns < kTurnsToBirthMax) {
      // It is on its way: asked again in another turn.
      if (shard.inbox().Post([&shard, again = *this]() mutable { again(shard); })) return;
    }
    const bool alive = cell != nullptr && cell->instance() != nullptr;
    SendDataTo(shard, asker_shard,
               ResolveAnswer{incarnation, session,
                             alive ? cell->instance()->info().service : nullptr, grant, alive});
  }
};

// A one-way message was refused on its target's shard.
struct RefusedOneway {
  uint64_t incarnation;
  uint64_t session;
  FrameSender sender;
  uint32_t sequence;
  absl::StatusCode code;

  void operator()(Shard& shard) {
    if (Session* const found = NodeShard::FindSession(shard, incarnation, session)) {
      found->SendUndelivered(sender, sequence, code);
    }
  }
};

// A peer's one-way message whose sender wants to hear of a refusal.
class PeerOrigin final : public MessageOrigin {
 public:
  PeerOrigin(const PeerIdentity& peer, uint16_t shard, const Frame& frame)
      : incarnation_(peer.incarnation),
        session_(peer.session),
        sender_(frame.sender),
        sequence_(frame.sequence),
        shard_(shard) {}

  void OnRefused(Shard& shard, const absl::Status& why) override {
    SendDataTo(shard, shard_,
               RefusedOneway{incarnation_, session_, sender_, sequence_, why.code()});
  }

 private:
  const uint64_t incarnation_;
  const uint64_t session_;
  const FrameSender sender_;
  const uint32_t sequence_;
  const uint16_t shard_;  // The session's.
};

}  // namespace

bool Session::OnFrame(const Frame& frame, std::string_view& why) {
  ++node_.counters().frames_in;
  node_.counters().records_skipped += frame.records_skipped;
  if (frame.flags & kOptionalFlags) ++node_.counters().records_skipped;
  if (IsNumbered(frame.type)) {
    if (frame.sequence != static_cast<uint32_t>(received_ + 1)) {
      why = "a frame is out of sequence";
      return false;
    }
    ++received_;
    ++acks_owed_;
  }
  if (frame.ack != static_cast<uint32_t>(acked_) && !OnAck(frame.ack, why)) return false;
  if (!IsNumbered(frame.type)) return Dispatch(frame, /*again=*/false, why);
  if (resolving_) {
    held_frames_.push_back(Copy(frame));
    return true;
  }
  ++handled_;
  return Dispatch(frame, /*again=*/false, why);
}

bool Session::OnAck(uint32_t ack, std::string_view& why) {
  const auto step = static_cast<int32_t>(ack - static_cast<uint32_t>(acked_));
  if (step < 0) return true;
  if (acked_ + static_cast<uint32_t>(step) > sent_) {
    why = "an acknowledgement of what was not sent";
    return false;
  }
  acked_ += static_cast<uint32_t>(step);
  // A frame for one of them may be behind this header.
  while (!unacked_.empty() && unacked_.front().sequence + kAcksOwedMax < acked_) {
    unacked_.pop_front();
  }
  return true;
}

bool Session::Dispatch(const Frame& frame, bool again, std::string_view& why) {
  switch (frame.type) {
    case FrameType::kRequest:
    case FrameType::kOneway:
      return OnRequest(frame, again, why);
    case FrameType::kResponse:
      return OnResponse(frame, why);
    case FrameType::kItem:
      return OnItemFrame(frame, why);
    case FrameType::kError:
      return OnErrorFrame(frame, why);
    case FrameType::kCancel:
      return OnCancel(frame);
    case FrameType::kCredit:
      return OnCredit(frame, why);
    case FrameType::kLookup:
      return OnLookup(frame, again, why);
    case FrameType::kLookupReply:
      return OnLookupReply(frame, why);
    case FrameType::kMonitor:
      return OnMonitor(frame, why);
    case FrameType::kDemonitor:
      return OnDemonitor(frame);
    case FrameType::kDown:
      return OnDown(frame, why);
    case FrameType::kUndelivered:
      return OnUndelivered(frame, why);
    default:
      return OnControl(frame, why);
  }
}

bool Session::OnControl(const Frame& frame, std::string_view& why) {
  wire::Ping ping;
  switch (frame.type) {
    case FrameType::kPing:
      if (++pings_in_window_ > kPingsPerWindowMax) {
        why = "too many pings";
        return false;
      }
      if (!Parse(frame, ping)) break;
      SendMessage({.type = FrameType::kPong}, ping);
      return true;
    case FrameType::kPong:
    case FrameType::kAck:
      return true;
    default:
      ++node_.counters().frames_skipped;
      return true;
  }
  why = "a control frame's payload is malformed";
  return false;
}

void Session::AfterRead() {
  if (ended_ || acks_owed_ < kAcksOwedMax) return;
  Frame ack{.type = FrameType::kAck};
  Begin(ack, 0);
}

// A payload that is no message of its type. Some are forgiven.
void Session::BadMessage() {
  ++node_.counters().bad_messages;
  if (++bad_messages_ == 1) {
    TROUPE_LOG(kWarning, "node \"", Printable(peer_.name),
               "\" sent a message that cannot be parsed");
  }
  if (bad_messages_ > node_.limits().bad_messages_per_session_max) {
    owner_.EndSession(wire::Goodbye::BAD_MESSAGES,
                      absl::DataLossError("too many messages could not be parsed"));
  }
}

// --- Requests. ---

void Session::Refuse(const Frame& frame, absl::Status why, Certainty certainty) {
  if (frame.type == FrameType::kRequest) {
    SendError(frame.id, std::move(why), certainty);
    return;
  }
  ++shard_.counters().dead_letters;
  if ((frame.flags & kHasSender) != 0) SendUndelivered(frame.sender, frame.sequence, why.code());
}

void Session::SendUndelivered(const FrameSender& sender, uint32_t sequence, absl::StatusCode code) {
  if (ended_) return;
  wire::Undelivered notice;
  notice.set_code(static_cast<uint32_t>(code));
  notice.set_sequence(sequence);
  Frame reply{.type = FrameType::kUndelivered, .flags = kHasSender};
  reply.sender = sender;
  SendMessage(reply, notice);
}

// Null when the peer may not address it.
Grant* Session::GrantOf(const FrameTarget& target) {
  if (Grant* const grant = grants_.Find(target)) [[likely]]
    return grant;
  // Looked up in an earlier session, perhaps.
  const AnyRef ref(shard_.runtime().system(), shard_.incarnation(), target.shard, target.slot,
                   target.generation);
  if (node_.exports().Has(ref)) return grants_.Add(ref);
  ++node_.counters().not_granted;
  return nullptr;
}

// Has the frame, and all behind it, handled when the target's shard has said what the target
// serves.
void Session::Resolve(Grant& grant, const Frame& frame) {
  resolving_ = true;
  --handled_;
  held_frames_.push_front(Copy(frame));
  connection_.set_held(true);
  grant.state = Grant::State::kAsking;
  SendDataTo(shard_, grant.ref.shard(),
             ResolveQuestion{grant.ref, peer_.incarnation, peer_.session, grants_.IndexOf(grant),
                             shard_.index()});
}

// Without what was only for the first time: unknown records.
std::string Session::Copy(const Frame& frame) {
  Frame copy = frame;
  copy.flags &= static_cast<uint16_t>(~(kHasRecords | kOptionalFlags));
  const size_t header_bytes = HeaderBytes(copy.flags);
  std::string bytes(header_bytes + frame.payload.size(), '\0');
  EncodeHeader(copy, frame.payload.size(), bytes.data());
  std::copy(frame.payload.begin(), frame.payload.end(), bytes.begin() + header_bytes);
  return bytes;
}

void Session::Resolved(uint32_t index, const ServiceInfo* service, bool alive) {
  Grant* const grant = grants_.At(index);
  if (ended_ || grant == nullptr || !resolving_) return;
  if (alive) grant->service = service;
  grant->alive = alive;
  grant->state = Grant::State::kKnown;
  resolving_ = false;
  bool again = true;
  while (!held_frames_.empty() && !resolving_ && !ended_) {
    const std::string bytes = std::move(held_frames_.front());
    held_frames_.pop_front();
    Frame frame;
    std::string_view why;
    TROUPE_CHECK(DecodeFrame(bytes, frame) == FrameError::kNone);
    ++handled_;
    if (!Dispatch(frame, std::exchange(again, false), why)) {
      owner_.EndSession(wire::Goodbye::PROTOCOL, absl::DataLossError(AbslView(why)));
      return;
    }
  }
  if (!resolving_ && !ended_) connection_.set_held(false);
}

// Whether the peer may name that actor: one of another node, or one that it may address. Else a
// handle that it made up would reach whoever it names.
bool Session::MayHold(const ActorRef& ref) {
  if (ref.incarnation() != shard_.incarnation()) return true;
  if (ref.shard() > 0xffff) return false;
  const auto shard = static_cast<uint16_t>(ref.shard());
  if (grants_.Find({.generation = ref.generation(), .slot = ref.slot(), .shard = shard}) !=
      nullptr) {
    return true;
  }
  return node_.exports().Has(
      AnyRef(shard_.runtime().system(), ref.incarnation(), shard, ref.slot(), ref.generation()));
}

// The response without handles that the peer made up; in `storage` if there were any.
std::string_view Session::WithoutForeignRefs(const MethodInfo& method, std::string_view payload,
                                             std::string& storage) {
  if (method.parse_response == nullptr || node_.refs().KnownWithoutRefs(method)) return payload;
  method.parse_response(payload, [&](void* value) {
    const auto* const message = node_.refs().InResponse(method, value);
    if (message == nullptr) return;
    const size_t cleared =
        RefFinder::Clear(*message, [this](const ActorRef& ref) { return !MayHold(ref); });
    if (cleared == 0) return;
    node_.counters().not_granted += cleared;
    storage.resize(method.response_size(value));
    method.write_response(value, storage.data());
    payload = storage;
  });
  return payload;
}

bool Session::OnRequest(const Frame& frame, bool again, std::string_view& why) {
  const bool is_request = frame.type == FrameType::kRequest;
  if ((frame.flags & kHasTarget) == 0 || is_request != (frame.id != 0)) {
    why = "a request without a target or an id";
    return false;
  }
  if (is_request && (frame.id & RequestTable::kNone) >= node_.limits().asks_per_peer_max) {
    why = "a request's id is beyond what was announced";
    return false;
  }
  Grant* const grant = GrantOf(frame.target);
  if (grant == nullptr) {
    Refuse(frame, absl::NotFoundError("no such actor"), Certainty::kNotExecuted);
    return true;
  }
  if (!again && grant->state != Grant::State::kKnown) {
    Resolve(*grant, frame);
    return true;
  }
  if (grant->service == nullptr) {
    Refuse(frame,
           grant->alive ? absl::UnimplementedError("the actor serves no service")
                        : absl::UnavailableError("the actor has ended"),
           Certainty::kNotExecuted);
    return true;
  }
  const MethodInfo* const method = FindMethod(*grant->service, frame.target);
  if (method == nullptr || (method->kind == MethodKind::kOneway) == is_request) {
    Refuse(frame,
           absl::UnimplementedError(
               absl::StrCat(AbslView(grant->service->name), " has no such method")),
           Certainty::kNotExecuted);
    return true;
  }
  if (!node_.MayTake(inbound_bytes_, frame.payload.size() * kParseAmplification)) {
    Refuse(frame, absl::ResourceExhaustedError("too much of the node is being handled"),
           Certainty::kNotExecuted);
    return true;
  }
  Envelope* const envelope = method->parse_request(frame.payload);
  if (envelope == nullptr) {
    Refuse(frame, absl::InvalidArgumentError("the request cannot be parsed"),
           Certainty::kNotExecuted);
    BadMessage();
    return true;
  }
  if (const auto* const message = node_.refs().InRequest(*method, *envelope)) {
    node_.counters().not_granted +=
        RefFinder::Clear(*message, [this](const ActorRef& ref) { return !MayHold(ref); });
  }
  if (is_request) {
    StartRequest(frame, grant->ref, *method, envelope);
  } else {
    DeliverOneway(frame, grant->ref, envelope);
  }
  return true;
}

void Session::StartRequest(const Frame& frame, const AnyRef& target, const MethodInfo& method,
                           Envelope* envelope) {
  const size_t index = frame.id & RequestTable::kNone;
  if (index >= asks_.size()) asks_.resize(index + 1, nullptr);
  // Its place was used for a request that the peer has given up.
  if (asks_[index] != nullptr) DropRemoteAsk(*asks_[index]);
  RemoteAsk& ask = *TakeRemoteAsk();
  ask.wire_id = frame.id;
  ask.method = &method;
  ask.charge = envelope->bytes;
  ask.credit = ask.granted = 0;
  if (method.kind == MethodKind::kServerStream) {
    const uint32_t credit = (frame.flags & kHasCredit) ? std::min(frame.credit, kCreditMax) : 0;
    ask.window = std::min(kFirstItems, node_.limits().stream_credit_items);
    ask.granted = std::min(credit, ask.window);
    ask.credit = credit - ask.granted;
    envelope->flags |= kHasStreamCredit;
    envelope->credit = ask.granted;
  }
  asks_[index] = &ask;
  inbound_bytes_ += ask.charge;
  node_.Charge(ask.charge);
  absl::Duration timeout = absl::InfiniteDuration();
  if (frame.flags & kHasDeadline) {
    // Zero would mean the default.
    timeout = absl::Nanoseconds(std::max<int64_t>(DecodeRemaining(frame.deadline), 1));
  }
  shard_.asks().Start(ask, target, envelope, timeout);
}

void Session::DeliverOneway(const Frame& frame, const AnyRef& target, Envelope* envelope) {
  if (frame.flags & kHasSender) {
    envelope->origin = new PeerOrigin(peer_, shard_.index(), frame);
    envelope->flags |= kHasOrigin;
  }
  const SendResult result = shard_.Route(target, envelope);
  if (result == SendResult::kAccepted) return;
  Refuse(frame,
         result == SendResult::kFull ? absl::ResourceExhaustedError("the mailbox is full")
                                     : absl::UnavailableError("the actor has ended"),
         Certainty::kNotExecuted);
  DiscardUnsent(envelope);
}

bool Session::OnCancel(const Frame& frame) {
  if (RemoteAsk* const ask = AskAt(frame.id)) DropRemoteAsk(*ask);
  return true;
}

bool Session::OnCredit(const Frame& frame, std::string_view& why) {
  if ((frame.flags & kHasCredit) == 0 || frame.credit == 0 || frame.credit > kCreditMax) {
    why = "a credit of nothing or of too much";
    return false;
  }
  RemoteAsk* const ask = AskAt(frame.id);
  if (ask == nullptr) return true;  // The stream has ended meanwhile.
  const uint64_t room = uint64_t{ask->credit} + ask->granted + ask->held.size() + frame.credit;
  if (ask->method->kind != MethodKind::kServerStream || room > kCreditMax) {
    why = "a credit that overflows, or is for no stream";
    return false;
  }
  ask->credit += frame.credit;
  if (ask->held.empty()) TopUp(*ask);
  return true;
}

// --- Replies. ---

bool Session::OnResponse(const Frame& frame, std::string_view& why) {
  Request* const found = requests_.Find(frame.id);
  if (found == nullptr) {
    ++node_.counters().late_replies;
    return true;
  }
  if (found->method == nullptr) {
    why = "a response to a lookup";
    return false;
  }
  const Request request = *found;
  requests_.Remove(frame.id);
  std::string storage;
  const std::string_view payload = WithoutForeignRefs(*request.method, frame.payload, storage);
  if (request.asker_shard == shard_.index()) {
    if (!DeliverReply(shard_, request.ask, *request.method, payload)) BadMessage();
    return true;
  }
  std::unique_ptr<char[]> bytes(new char[payload.size()]);
  std::memcpy(bytes.get(), payload.data(), payload.size());
  SendDataTo(shard_, request.asker_shard,
             ReplyBytes{request.ask, request.method, std::move(bytes),
                        static_cast<uint32_t>(payload.size()), /*is_item=*/false});
  return true;
}

bool Session::OnItemFrame(const Frame& frame, std::string_view& why) {
  Request* const request = requests_.Find(frame.id);
  if (request == nullptr) {
    ++node_.counters().late_replies;
    return true;
  }
  if (request->method == nullptr || request->method->kind != MethodKind::kServerStream ||
      request->credit == 0) {
    why = "an item without credit, or of no stream";
    return false;
  }
  --request->credit;
  std::string storage;
  const std::string_view payload = WithoutForeignRefs(*request->method, frame.payload, storage);
  if (request->asker_shard == shard_.index()) {
    if (!DeliverItem(shard_, request->ask, *request->method, payload)) {
      requests_.Remove(frame.id);
      Frame cancel{.type = FrameType::kCancel, .flags = kMandatory, .id = frame.id};
      Begin(cancel, 0);
      BadMessage();
    }
    return true;
  }
  std::unique_ptr<char[]> bytes(new char[payload.size()]);
  std::memcpy(bytes.get(), payload.data(), payload.size());
  SendDataTo(shard_, request->asker_shard,
             ReplyBytes{request->ask, request->method, std::move(bytes),
                        static_cast<uint32_t>(payload.size()), /*is_item=*/true});
  return true;
}

bool Session::OnErrorFrame(const Frame& frame, std::string_view& why) {
  wire::Status status;
  if (!Parse(frame, status)) {
    why = "a control frame's payload is malformed";
    return false;
  }
  Request* const request = requests_.Find(frame.id);
  if (request == nullptr) {
    ++node_.counters().late_replies;
    return true;
  }
  SendDataTo(shard_, request->asker_shard,
             FailAsk{request->ask, troupe::internal::FromWire(status)});
  requests_.Remove(frame.id);
  return true;
}

// --- Lookups. ---

bool Session::OnLookup(const Frame& frame, bool again, std::string_view& why) {
  wire::Lookup lookup;
  if (!Parse(frame, lookup) || frame.id == 0) {
    why = "a control frame's payload is malformed";
    return false;
  }
  wire::LookupReply reply;
  const auto answer = [&](absl::Status status) {
    if (!status.ok()) *reply.mutable_status() = ToWire(status);
    SendMessage({.type = FrameType::kLookupReply, .flags = kMandatory, .id = frame.id}, reply);
    return true;
  };
  const std::string name = Printable(lookup.name());
  const std::optional<AnyRef> ref = node_.exports().Find(lookup.name());
  if (!ref.has_value()) {
    return answer(absl::NotFoundError(absl::StrCat("nothing is exported as \"", name, "\"")));
  }
  Grant* const grant = grants_.Add(*ref);
  if (grant == nullptr) {
    return answer(absl::ResourceExhaustedError("this session may address too many actors"));
  }
  if (!again) {
    Resolve(*grant, frame);
    return true;
  }
  if (!grant->alive) {
    return answer(absl::NotFoundError(absl::StrCat("\"", name, "\" has ended")));
  }
  const std::string_view serves =
      grant->service != nullptr ? grant->service->name : std::string_view();
  if (serves != lookup.service()) {
    return answer(absl::FailedPreconditionError(
        absl::StrCat("\"", name, "\" serves ", serves.empty() ? "nothing" : AbslView(serves),
                     ", not ", Printable(lookup.service()))));
  }
  reply.set_generation(ref->generation());
  reply.set_slot(ref->slot());
  reply.set_shard(ref->shard());
  reply.set_service(std::string(serves));
  return answer(absl::OkStatus());
}

bool Session::OnLookupReply(const Frame& frame, std::string_view& why) {
  wire::LookupReply reply;
  if (!Parse(frame, reply) || reply.shard() > 0xffff) {
    why = "a control frame's payload is malformed";
    return false;
  }
  Request* const found = requests_.Find(frame.id);
  if (found == nullptr || found->deliver_ref == nullptr) {
    ++node_.counters().late_replies;
    return true;
  }
  const Request request = *found;
  requests_.Remove(frame.id);
  if (reply.has_status()) {
    SendDataTo(shard_, request.asker_shard,
               FailAsk{request.ask, troupe::internal::FromWire(reply.status())});
    return true;
  }
  const AnyRef ref(shard_.runtime().system(), peer_.incarnation,
                   static_cast<uint16_t>(reply.shard()), reply.slot(), reply.generation());
  SendDataTo(shard_, request.asker_shard, FoundRef{request.ask, ref, request.deliver_ref});
  return true;
}

// --- Monitors. ---

bool Session::OnMonitor(const Frame& frame, std::string_view& why) {
  if ((frame.flags & kHasTarget) == 0 || frame.id == 0 || watched_.contains(frame.id)) {
    why = "a monitor without a target, or twice";
    return false;
  }
  Grant* const grant = GrantOf(frame.target);
  const bool full = watched_.size() >= node_.limits().monitors_per_peer_max;
  WatchedByPeer& watched = watched_[frame.id];
  if (grant == nullptr || full) {
    SendDown(frame.id, StopReason::kUnknown,
             full ? absl::ResourceExhaustedError("monitors_per_peer_max monitors are set")
                  : absl::NotFoundError("no such actor"));
    return true;
  }
  watched.target = grant->ref;
  watched.key = node_.RememberWatch(peer_.incarnation, peer_.session, frame.id);
  Envelope* const down = shard_.NewEnvelope(&kRemoteDownType);
  shard_.SetPayload(down, Down{}, 0);
  down->flags |= kUnbounded;
  down->slot = kShardSlot;
  down->record = watched.key;
  shard_.monitors().Add(watched.target, down);
  return true;
}

bool Session::OnDemonitor(const Frame& frame) {
  const auto it = watched_.find(frame.id);
  if (it == watched_.end()) return true;
  node_.ForgetWatch(it->second.key);
  shard_.monitors().Remove(it->second.target, shard_.index(), it->second.key);
  watched_.erase(it);
  return true;
}

bool Session::OnDown(const Frame& frame, std::string_view& why) {
  wire::Down message;
  if (!Parse(frame, message)) {
    why = "a control frame's payload is malformed";
    return false;
  }
  const auto it = monitors_.find(frame.id);
  if (it == monitors_.end()) {
    ++node_.counters().late_replies;
    return true;
  }
  const WatchedHere watched = it->second;
  monitors_.erase(it);
  monitor_ids_.erase({watched.down->sender_shard, watched.down->record});
  shard_.monitors().Send(
      watched.down, watched.target, FromWire(message.reason()),
      message.has_status() ? troupe::internal::FromWire(message.status()) : absl::OkStatus());
  return true;
}

bool Session::OnUndelivered(const Frame& frame, std::string_view& why) {
  wire::Undelivered message;
  if (!Parse(frame, message) || (frame.flags & kHasSender) == 0) {
    why = "a control frame's payload is malformed";
    return false;
  }
  // What it was is known as long as it is among the unacknowledged, or was not long ago.
  const uint64_t sequence =
      sent_ - static_cast<uint32_t>(static_cast<uint32_t>(sent_) - message.sequence());
  const auto refused = std::lower_bound(
      unacked_.begin(), unacked_.end(), sequence,
      [](const Unacked& candidate, uint64_t wanted) { return candidate.sequence < wanted; });
  if (refused == unacked_.end() || refused->sequence != sequence || !refused->notice) {
    ++node_.counters().late_replies;
    return true;
  }
  refused->notice = false;
  const auto code = message.code() >= 1 && message.code() <= 16
                        ? static_cast<absl::StatusCode>(message.code())
                        : absl::StatusCode::kUnknown;
  SendDataTo(shard_, refused->sender.shard(), refused->Notice(code));
  return true;
}

}  // namespace troupe::internal
