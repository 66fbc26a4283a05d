#include "troupe/transport/dial.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/base/printable.h"
#include "troupe/base/random.h"
#include "troupe/loop/loop.h"
#include "troupe/transport/link.h"
#include "troupe/transport/lookup_request.h"
#include "troupe/transport/node_core.h"
#include "troupe/transport/node_shard.h"

namespace troupe::internal {

Dial::Dial(NodeShard& node, const SocketAddress& address) : node_(node), address_(address) {}

Dial::~Dial() {
  node_.shard().loop().timers().Cancel(*this);
  if (link_ != nullptr) link_->ForgetDial();
}

void Dial::Take(const AnyRef& target, Envelope* envelope, bool notice) {
  if (waiting_.empty() && link_ == nullptr && incarnation_ != 0 &&
      (target.incarnation() == kNobody || target.incarnation() == incarnation_) &&
      node_.SendVia(incarnation_, target, envelope, notice)) {
    return;
  }
  if (waiting_bytes_ + envelope->bytes > node_.limits().peer_outbound_bytes_max) {
    node_.shard().dead_letters().RefuseSent(
        target, envelope,
        absl::ResourceExhaustedError("too much waits for a connection to the node"),
        Certainty::kNotSent);
    return;
  }
  waiting_bytes_ += envelope->bytes;
  waiting_.push_back({target, envelope, notice});
  if (link_ == nullptr && !armed()) Begin();
}

void Dial::Begin() {
  const absl::Status allowed = node_.core().MayReach(address_);
  if (!allowed.ok()) return RefuseAll(allowed);
  link_ = node_.Connect(*this, address_, std::exchange(replaces_, 0));
}

void Dial::PassOn() {
  std::deque<Waiting> waiting = std::exchange(waiting_, {});
  waiting_bytes_ = 0;
  const int64_t now = node_.shard().now_nanos();
  for (const Waiting& each : waiting) {
    Envelope* const envelope = each.envelope;
    if (envelope->deadline < now) {
      Forget(envelope);  // Its asker has been told.
      continue;
    }
    const bool is_lookup = each.target.incarnation() == kNobody;
    if (!is_lookup && each.target.incarnation() != incarnation_) {
      node_.shard().dead_letters().RefuseSent(
          each.target, envelope,
          absl::UnavailableError("the actor's node has ended; another runs there"),
          Certainty::kNotSent);
    } else if (!node_.SendVia(incarnation_, each.target, envelope, each.notice)) {
      node_.shard().dead_letters().RefuseSent(each.target, envelope,
                                              absl::UnavailableError("the session ended at once"),
                                              Certainty::kNotSent);
    }
  }
}

void Dial::PassOnTo(uint64_t incarnation) {
  std::deque<Waiting> waiting = std::exchange(waiting_, {});
  waiting_bytes_ = 0;
  for (const Waiting& each : waiting) {
    const uint32_t bytes = each.envelope->bytes;
    if (each.target.incarnation() == incarnation &&
        node_.SendVia(incarnation, each.target, each.envelope, each.notice)) {
      continue;
    }
    waiting_bytes_ += bytes;
    waiting_.push_back(each);
  }
}

void Dial::Cancel(uint16_t asker_shard, uint64_t ask) {
  const auto it = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& each) {
    return each.envelope->ask == ask && each.envelope->sender_shard == asker_shard;
  });
  if (it == waiting_.end()) return;
  waiting_bytes_ -= it->envelope->bytes;
  Forget(it->envelope);
  waiting_.erase(it);
}

void Dial::Forget(Envelope* envelope) {
  envelope->type->destroy(*envelope);
  node_.shard().Recycle(envelope);
}

void Dial::OnSession(uint64_t incarnation) {
  link_ = nullptr;
  incarnation_ = incarnation;
  failures_in_row_ = 0;
  tries_ = 0;
  PassOn();
}

void Dial::OnRejected(const wire::Reject& refusal, uint64_t incarnation) {
  link_ = nullptr;
  switch (refusal.reason()) {
    case wire::Reject::DUPLICATE: {
      // Whichever end said it: there is a session with that node.
      const uint64_t who = refusal.incarnation() != node_.shard().incarnation()
                               ? refusal.incarnation()
                               : incarnation;
      if (node_.HasSession(who, refusal.session())) return OnSession(who);
      replaces_ = refusal.session();
      awaited_ = who;
      if (++tries_ > kTriesMax) break;
      // It may be the one that is just beginning here too, and then is not replaced.
      return BackOff(node_.limits().reconnect_backoff_min);
    }
    case wire::Reject::TRY_AGAIN:
    case wire::Reject::NAME_IN_USE:
      break;
    default:
      return OnFailed(absl::UnavailableError(absl::StrCat(
          address_.ToString(), " refused: ", wire::Reject::Reason_Name(refusal.reason()), ": ",
          Printable(refusal.detail()))));
  }
  if (++tries_ > kTriesMax) {
    return OnFailed(absl::UnavailableError(absl::StrCat(
        address_.ToString(), " refused: ", wire::Reject::Reason_Name(refusal.reason()))));
  }
  BackOff();
}

void Dial::OnFailed(absl::Status why) {
  link_ = nullptr;
  tries_ = 0;
  BackOff();
  RefuseAll(absl::Status(why.code() == absl::StatusCode::kFailedPrecondition
                             ? why.code()
                             : absl::StatusCode::kUnavailable,
                         why.message()));
}

void Dial::BackOff(absl::Duration least) {
  const Limits& limits = node_.limits();
  const double factor = std::pow(2.0, std::min(failures_in_row_++, 30));
  const absl::Duration most =
      std::min(limits.reconnect_backoff_min * factor, limits.reconnect_backoff_max);
  TimerWheel& timers = node_.shard().loop().timers();
  timers.Cancel(*this);
  timers.Arm(*this,
             node_.shard().loop().now() + std::max(least, most * node_.shard().random().Unit()));
}

void Dial::OnTimer() {
  if (const uint64_t who = std::exchange(awaited_, 0); who != 0 && node_.HasSession(who, 0)) {
    return OnSession(who);
  }
  if (!waiting_.empty() && link_ == nullptr) Begin();
}

void Dial::End(const absl::Status& why) {
  node_.shard().loop().timers().Cancel(*this);
  RefuseAll(why);
}

void Dial::RefuseAll(const absl::Status& why) {
  std::deque<Waiting> waiting = std::exchange(waiting_, {});
  waiting_bytes_ = 0;
  for (const Waiting& each : waiting) {
    node_.shard().dead_letters().RefuseSent(each.target, each.envelope, why, Certainty::kNotSent);
  }
}

}  // namespace troupe::internal
