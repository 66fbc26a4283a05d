#include "troupe/transport/link.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/base/logging.h"
#include "troupe/base/text.h"
#include "troupe/loop/loop.h"
#include "troupe/transport/dial.h"
#include "troupe/transport/node_core.h"
#include "troupe/transport/node_shard.h"

namespace troupe::internal {
namespace {

constexpr absl::Duration kLingerTimeout = absl::Seconds(1);
constexpr size_t kNameBytesMax = 255;
constexpr uint64_t kLeastFrameBytes = 1024;

template <typename M>
bool Parse(const Frame& frame, M& message) {
  return message.ParseFromArray(frame.payload.data(), static_cast<int>(frame.payload.size()));
}

bool HasDuplicates(const google::protobuf::RepeatedField<uint32_t>& features) {
  std::vector<uint32_t> sorted(features.begin(), features.end());
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
}

wire::Reject MakeReject(wire::Reject::Reason reason, std::string_view detail) {
  wire::Reject refusal;
  refusal.set_reason(reason);
  refusal.set_detail(std::string(detail));
  return refusal;
}

}  // namespace

Link::Link(NodeShard& node, Dial& dial, const SocketAddress& address, uint64_t replaces)
    : node_(node),
      dial_(&dial),
      address_(address.ToString()),
      replaces_(replaces),
      state_(LinkState::kConnecting),
      connection_(node, *this) {
  ++node_.counters().connections_dialled;
  node_.core().dials_under_way().fetch_add(1, std::memory_order_relaxed);
  Arm(node_.limits().connect_timeout);
  connection_.Connect(address);
}

Link::Link(NodeShard& node, std::unique_ptr<PendingStream> pending, std::string host)
    : node_(node),
      host_(std::move(host)),
      address_(pending->peer_address().ToString()),
      state_(LinkState::kAwaitHello),
      connection_(node, *this) {
  ++node_.counters().connections_accepted;
  Arm(node_.limits().handshake_timeout);
  connection_.Adopt(std::move(pending));
}

Link::~Link() {
  LeaveDoor();
  node_.shard().loop().timers().Cancel(*this);
}

void Link::Arm(absl::Duration wait) {
  TimerWheel& timers = node_.shard().loop().timers();
  timers.Cancel(*this);
  timers.Arm(*this, node_.shard().loop().now() + wait);
}

void Link::LeaveDoor() {
  if (!host_.empty()) node_.core().doorman().Leave(std::exchange(host_, {}));
}

// --- What is sent. ---

void Link::Send(FrameType type, const google::protobuf::MessageLite& message) {
  const Frame frame{.type = type, .lane = Lane::kControl, .flags = kMandatory};
  connection_.Append(frame, message);
}

wire::Hello Link::MakeHello() const {
  const Limits& limits = node_.limits();
  wire::Hello hello;
  hello.set_version_min(kWireVersion);
  hello.set_version_max(kWireVersion);
  hello.set_node(node_.core().name());
  hello.set_incarnation(node_.shard().incarnation());
  hello.set_address(node_.core().advertised());
  hello.mutable_limits()->set_frame_bytes_max(limits.frame_bytes_max);
  hello.mutable_limits()->set_asks_max(std::min(limits.asks_per_peer_max, RequestTable::kNone));
  hello.mutable_limits()->set_monitors_max(limits.monitors_per_peer_max);
  hello.set_replaces(replaces_);
  return hello;
}

void Link::Reject(wire::Reject::Reason reason, std::string_view detail) {
  Reject(MakeReject(reason, detail));
}

void Link::Reject(const wire::Reject& refusal) {
  ++node_.counters().handshakes_failed;
  Send(FrameType::kReject, refusal);
  TellDial(refusal);
  BeginLinger();
}

void Link::Violation(std::string_view what) {
  ++node_.counters().violations;
  TROUPE_LOG(kWarning, "connection with ", address_, ": ", AbslView(what));
  if (state_ == LinkState::kOpen) {
    EndSession(wire::Goodbye::PROTOCOL, absl::DataLossError(AbslView(what)));
  } else if (state_ == LinkState::kConnecting || state_ == LinkState::kLingering) {
    Abort(absl::DataLossError(AbslView(what)));
  } else {
    Reject(wire::Reject::PROTOCOL, what);
  }
}

// --- What comes. ---

void Link::OnConnected() {
  state_ = LinkState::kAwaitAnswer;
  Arm(node_.limits().handshake_timeout);
  Send(FrameType::kHello, MakeHello());
}

void Link::OnFrame(const Frame& frame) {
  if (state_ == LinkState::kOpen) [[likely]] {
    std::string_view why;
    if (IsNumbered(frame.type) && IsKnown(frame.type)) [[likely]] {
      if (!session_->OnFrame(frame, why)) Violation(why);
      return;
    }
  }
  switch (Judge(state_, ClassOf(frame.type))) {
    case Verdict::kSkip:
      return;
    case Verdict::kMayUnknow:
      if (frame.flags & kMandatory) return Violation("a frame of an unknown type that may not be");
      break;
    case Verdict::kUnset:
    case Verdict::kViolation:
      return Violation(
          absl::StrCat("a frame of type ", static_cast<int>(frame.type), " came out of turn"));
    case Verdict::kHandle:
      break;
  }
  if (state_ == LinkState::kOpen && frame.type != FrameType::kGoodbye) {
    std::string_view why;
    if (!session_->OnFrame(frame, why)) Violation(why);
    return;
  }
  OnHandshakeFrame(frame);
}

void Link::OnHandshakeFrame(const Frame& frame) {
  switch (frame.type) {
    case FrameType::kHello:
      return OnHello(frame);
    case FrameType::kReady:
      return OnReady(frame);
    case FrameType::kReject:
      return OnReject(frame);
    default: {
      wire::Goodbye goodbye;
      Parse(frame, goodbye);
      EndSession(wire::Goodbye::REASON_UNSPECIFIED,
                 absl::UnavailableError(absl::StrCat(
                     "it said goodbye (", wire::Goodbye::Reason_Name(goodbye.reason()),
                     goodbye.detail().empty() ? "" : ": ", Printable(goodbye.detail()), ")")));
    }
  }
}

void Link::OnRoom() {
  if (state_ == LinkState::kOpen) session_->OnRoom();
}

void Link::AfterRead() {
  if (state_ == LinkState::kOpen) session_->AfterRead();
}

// What the hello says of the other end, when it makes sense.
bool Link::TakeIdentity(const wire::Hello& hello) {
  if (hello.version_min() > kWireVersion || hello.version_max() < kWireVersion ||
      hello.version_min() > hello.version_max()) {
    Reject(wire::Reject::VERSION, absl::StrCat("this node speaks version ", kWireVersion));
    return false;
  }
  if (HasDuplicates(hello.features()) || HasDuplicates(hello.features_required())) {
    Reject(wire::Reject::FEATURE, "a feature is named twice");
    return false;
  }
  if (hello.features_required_size() > 0) {
    Reject(wire::Reject::FEATURE,
           absl::StrCat("feature ", hello.features_required(0), " is not known here"));
    return false;
  }
  if (hello.node().empty() || hello.node().size() > kNameBytesMax || hello.incarnation() == 0 ||
      hello.address().size() > kNameBytesMax ||
      hello.limits().frame_bytes_max() < kLeastFrameBytes) {
    Reject(wire::Reject::PROTOCOL, "the hello lacks a name, an incarnation or limits");
    return false;
  }
  if (hello.incarnation() == node_.shard().incarnation()) {
    Reject(wire::Reject::SELF, "the node reached itself");
    return false;
  }
  peer_.name = hello.node();
  peer_.incarnation = hello.incarnation();
  peer_.address = dial_ != nullptr ? address_ : hello.address();
  peer_.frame_bytes_max = hello.limits().frame_bytes_max();
  peer_.asks_max = hello.limits().asks_max();
  peer_.monitors_max = hello.limits().monitors_max();
  return true;
}

void Link::OnHello(const Frame& frame) {
  wire::Hello hello;
  if (!Parse(frame, hello)) return Violation("the hello is malformed");
  if (node_.draining()) return Reject(wire::Reject::SHUTDOWN, "the node shuts down");
  if (!TakeIdentity(hello)) return;
  if (state_ == LinkState::kAwaitHello) {
    AnswerHello(hello);
  } else {
    TakeAnswer(hello);
  }
}

// A session that stands in the way of a new one with the same node, and that only this end still
// believes in. True when it has ended already.
bool Link::EndExisting(uint64_t incarnation, uint64_t session, uint16_t shard) {
  if (shard != node_.shard().index()) {
    node_.EndElsewhere(shard, incarnation, session);
    return false;
  }
  node_.EndReplaced(incarnation, session);
  return true;
}

bool Link::Claim(uint64_t session, wire::Reject& refusal) {
  const PeerDirectory::Claimed claimed = node_.core().directory().Claim(
      peer_.incarnation, peer_.name, peer_.address, session, node_.shard().index());
  switch (claimed.answer) {
    case PeerDirectory::Answer::kGranted:
      return true;
    case PeerDirectory::Answer::kDuplicate:
      refusal = MakeReject(wire::Reject::DUPLICATE, "there is a session already");
      refusal.set_session(claimed.session);
      refusal.set_incarnation(node_.shard().incarnation());
      break;
    case PeerDirectory::Answer::kNameInUse:
      // Whoever says a name has no right to it; but the one before may be dead.
      node_.ProbeElsewhere(claimed.shard, claimed.incarnation);
      refusal = MakeReject(wire::Reject::NAME_IN_USE, "another node of that name has a session");
      break;
    case PeerDirectory::Answer::kFull:
      refusal = MakeReject(wire::Reject::FULL, "sessions_max sessions are open");
      break;
  }
  return false;
}

void Link::AnswerHello(const wire::Hello& hello) {
  const auto existing = node_.core().directory().Find(peer_.incarnation);
  if (existing.has_value() && existing->session != 0) {
    if (hello.replaces() != existing->session) {
      wire::Reject refusal = MakeReject(wire::Reject::DUPLICATE, "there is a session already");
      refusal.set_session(existing->session);
      refusal.set_incarnation(node_.shard().incarnation());
      return Reject(refusal);
    }
    if (!EndExisting(peer_.incarnation, existing->session, existing->shard)) {
      return Reject(wire::Reject::TRY_AGAIN, "the old session is being ended");
    }
  }
  wire::Hello answer = MakeHello();
  answer.set_version(kWireVersion);
  answer.set_connecting(node_.core().dials_under_way().load(std::memory_order_relaxed) > 0);
  if (!node_.IsGreaterThan(peer_)) {
    Send(FrameType::kHello, answer);
    state_ = LinkState::kAwaitReady;
    return;
  }
  const uint64_t session = node_.NewSessionId();
  wire::Reject refusal;
  if (!Claim(session, refusal)) return Reject(refusal);
  answer.set_session(session);
  Send(FrameType::kHello, answer);
  Open(session);
}

void Link::TakeAnswer(const wire::Hello& hello) {
  if (hello.version() != kWireVersion) return Violation("the answer chose no version of ours");
  const bool decides = node_.IsGreaterThan(peer_);
  if (decides == (hello.session() != 0)) return Violation("the wrong end began the session");
  const uint64_t session = decides ? node_.NewSessionId() : hello.session();
  wire::Reject refusal;
  bool granted = Claim(session, refusal);
  if (!granted && !decides && refusal.reason() == wire::Reject::DUPLICATE) {
    // The other end knows of no session but this one.
    const auto existing = node_.core().directory().Find(peer_.incarnation);
    if (existing.has_value() &&
        EndExisting(peer_.incarnation, existing->session, existing->shard)) {
      granted = Claim(session, refusal);
    }
  }
  if (granted) {
    if (decides) {
      wire::Ready ready;
      ready.set_session(session);
      Send(FrameType::kReady, ready);
    }
    return Open(session);
  }
  if (decides && refusal.reason() == wire::Reject::DUPLICATE) {
    const auto existing = node_.core().directory().Find(peer_.incarnation);
    // The other end did not know of it: it is either brand-new or dead.
    if (existing.has_value() && !hello.connecting()) {
      node_.ProbeElsewhere(existing->shard, peer_.incarnation);
    }
  }
  if (decides) return Reject(refusal);
  TellDial(refusal);
  Abort(absl::UnavailableError("the session could not begin"));
}

void Link::OnReady(const Frame& frame) {
  wire::Ready ready;
  if (!Parse(frame, ready) || ready.session() == 0) return Violation("the ready is malformed");
  wire::Reject refusal;
  bool granted = Claim(ready.session(), refusal);
  if (!granted && refusal.reason() == wire::Reject::DUPLICATE) {
    const auto existing = node_.core().directory().Find(peer_.incarnation);
    if (existing.has_value() &&
        EndExisting(peer_.incarnation, existing->session, existing->shard)) {
      granted = Claim(ready.session(), refusal);
    }
  }
  if (granted) return Open(ready.session());
  // For the other end the session has begun, so it ends as one.
  ++node_.counters().handshakes_failed;
  wire::Goodbye goodbye;
  goodbye.set_reason(wire::Goodbye::REPLACED);
  goodbye.set_detail(refusal.detail());
  Send(FrameType::kGoodbye, goodbye);
  BeginLinger();
}

void Link::OnReject(const Frame& frame) {
  wire::Reject refusal;
  if (!Parse(frame, refusal)) return Violation("the reject is malformed");
  ++node_.counters().handshakes_failed;
  TellDial(refusal);
  Abort(absl::UnavailableError("the node refused the connection"));
}

// --- Session and end. ---

void Link::Open(uint64_t session) {
  if (state_ == LinkState::kConnecting || state_ == LinkState::kAwaitAnswer) {
    node_.core().dials_under_way().fetch_sub(1, std::memory_order_relaxed);
  }
  state_ = LinkState::kOpen;
  LeaveDoor();
  node_.shard().loop().timers().Cancel(*this);
  connection_.set_frame_bytes_max(node_.limits().frame_bytes_max);
  peer_.session = session;
  SessionOwner& owner = *this;
  session_ = std::make_unique<Session>(node_, owner, connection_, peer_);
  node_.SessionBegun(*session_);
  TROUPE_LOG(kInfo, "node \"", Printable(peer_.name), "\" (", absl::Hex(peer_.incarnation),
             ") is up, over ", address_);
  if (dial_ != nullptr) std::exchange(dial_, nullptr)->OnSession(peer_.incarnation);
}

void Link::EndSession(wire::Goodbye::Reason reason, absl::Status why) {
  if (state_ != LinkState::kOpen) return;
  const bool polite = reason != wire::Goodbye::REASON_UNSPECIFIED;
  if (polite) session_->SayGoodbye(reason, StdView(why.message()));
  connection_.Flush();
  const bool flushes = polite && reason != wire::Goodbye::SLOW;
  state_ = LinkState::kLingering;
  node_.EndSession(*session_, why, flushes);
  TROUPE_LOG(kInfo, "node \"", Printable(peer_.name), "\" (", absl::Hex(peer_.incarnation),
             ") is down: ", why.message());
  if (connection_.pending_bytes() > 0 && !flushes) {
    Retire();
  } else {
    BeginLinger();
  }
}

void Link::Leave(wire::Goodbye::Reason reason, absl::Status why) {
  switch (state_) {
    case LinkState::kOpen:
      return EndSession(reason, std::move(why));
    case LinkState::kAwaitHello:
    case LinkState::kAwaitAnswer:
    case LinkState::kAwaitReady:
      if (reason == wire::Goodbye::SHUTDOWN) {
        return Reject(wire::Reject::SHUTDOWN, StdView(why.message()));
      }
      return Abort(std::move(why));
    case LinkState::kConnecting:
      return Abort(std::move(why));
    case LinkState::kLingering:
    case LinkState::kCount:
      return;
  }
}

void Link::Abort(absl::Status why) {
  if (state_ == LinkState::kOpen) EndSession(wire::Goodbye::REASON_UNSPECIFIED, why);
  TellDial(std::move(why));
  Retire();
}

void Link::BeginLinger() {
  if (retired_) return;
  if (state_ == LinkState::kConnecting || state_ == LinkState::kAwaitAnswer) {
    node_.core().dials_under_way().fetch_sub(1, std::memory_order_relaxed);
  }
  state_ = LinkState::kLingering;
  Arm(kLingerTimeout);
  connection_.Linger();
}

void Link::Retire() {
  if (retired_) return;
  retired_ = true;
  if (state_ == LinkState::kConnecting || state_ == LinkState::kAwaitAnswer) {
    node_.core().dials_under_way().fetch_sub(1, std::memory_order_relaxed);
  }
  state_ = LinkState::kLingering;
  node_.shard().loop().timers().Cancel(*this);
  LeaveDoor();
  connection_.Close();
  node_.Retire(*this);
}

void Link::OnBroken(BreakKind kind, absl::Status why) {
  switch (state_) {
    case LinkState::kOpen:
      if (kind == BreakKind::kFraming) return Violation(StdView(why.message()));
      EndSession(wire::Goodbye::REASON_UNSPECIFIED, why);
      return Retire();
    case LinkState::kLingering:
    case LinkState::kCount:
      return Retire();
    case LinkState::kConnecting:
    case LinkState::kAwaitHello:
    case LinkState::kAwaitAnswer:
    case LinkState::kAwaitReady:
      ++node_.counters().handshakes_failed;
      if (kind == BreakKind::kFraming) return Violation(StdView(why.message()));
      return Abort(std::move(why));
  }
}

void Link::OnTimer() {
  if (state_ != LinkState::kLingering) {
    ++node_.counters().handshakes_failed;
    TellDial(absl::DeadlineExceededError(
        absl::StrCat(address_, state_ == LinkState::kConnecting
                                   ? " could not be reached within connect_timeout"
                                   : " did not shake hands within handshake_timeout")));
  }
  Retire();
}

void Link::TellDial(const wire::Reject& refusal) {
  if (dial_ != nullptr) std::exchange(dial_, nullptr)->OnRejected(refusal, peer_.incarnation);
}

void Link::TellDial(absl::Status why) {
  if (dial_ != nullptr) std::exchange(dial_, nullptr)->OnFailed(std::move(why));
}

}  // namespace troupe::internal
