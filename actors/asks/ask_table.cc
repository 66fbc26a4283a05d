#include "troupe/actors/asks/ask_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/asks/call_chain.h"
#include "troupe/actors/asks/outcome.h"
#include "troupe/actors/asks/request_server.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/coroutines/activation.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/mail/mailboxes.h"
#include "troupe/actors/mail/outboxes.h"
#include "troupe/actors/mail/router.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/place.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/cell_extra.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/actors/typing/method.h"
#include "troupe/base/check.h"
#include "troupe/base/text.h"
#include "troupe/loop/loop.h"
#include "troupe/loop/message_tracer.h"

namespace troupe::internal {
namespace {

struct GiveUpRequest {
  AnyRef target;
  uint64_t ask;
  uint16_t asker_shard;

  void operator()(Shard& shard) { shard.asks().GiveUp(target, asker_shard, ask); }
};

// A handler that others of its actor may run beside cannot close a cycle.
bool Interleaves(const Envelope& envelope) {
  const MethodInfo* const method = envelope.type->method;
  return method != nullptr && (method->interleave || method->kind == MethodKind::kServerStream);
}

}  // namespace

PendingAsk::~PendingAsk() = default;

Cell* PendingAsk::asker() const {
  return asker_ != nullptr && asker_->generation == asker_generation_ ? asker_ : nullptr;
}

void PendingAsk::OnItem(void*) {}

void CheckOwned(const PendingAsk& ask, std::string_view call) {
  AskTable& here = ShardHere(call).asks();
  CheckIsHere(!ask.pending() || here.Find(ask.id()) == &ask, call);
}

void StartAsk(PendingAsk& ask, const AnyRef& target, Envelope* envelope, absl::Duration timeout) {
  ShardHere("the start of a request or stream").asks().Start(ask, target, envelope, timeout);
}

PendingAsk* TakeAsk(uint64_t ask) { return Shard::Current()->asks().Take(ask); }

absl::Status NoReplyInTime(std::string_view name) {
  return absl::DeadlineExceededError(
      absl::StrCat("no reply to ", AbslView(name), " within the deadline"));
}

void DropAsk(PendingAsk& ask) { DropAsk(ask, absl::OkStatus()).IgnoreError(); }

absl::Status DropAsk(PendingAsk& ask, absl::Status why) {
  constexpr std::string_view kCall = "the end of a request or stream";
  CheckOwned(ask, kCall);
  const absl::StatusCode code = why.ok() ? absl::StatusCode::kCancelled : why.code();
  return WithCertainty(std::move(why), Shard::Current()->asks().Drop(ask, code));
}

void PendingAsk::OnTimer() {
  const Certainty certainty =
      Shard::Current()->asks().Drop(*this, absl::StatusCode::kDeadlineExceeded);
  OnReply(WithCertainty(NoReplyInTime(request_->name), certainty), nullptr);
}

// --- The asker's side. ---

void AskTable::Start(PendingAsk& ask, const AnyRef& target, Envelope* envelope,
                     absl::Duration timeout) {
  if (envelope == nullptr) {
    return ask.OnReply(WithCertainty(NothingToSend(), Certainty::kNotSent), nullptr);
  }
  ask.target_ = target;
  ask.request_ = envelope->type;
  Certainty certainty = Certainty::kNotSent;
  absl::Status status = Register(ask, *envelope, timeout);
  if (status.ok()) {
    status = Deliver(ask, target, envelope, certainty);
    if (status.ok()) return;
    Take(ask.id_, status.code());
  }
  DiscardUnsent(envelope);
  ask.OnReply(WithCertainty(std::move(status), certainty), nullptr);
}

absl::Status AskTable::Register(PendingAsk& ask, Envelope& envelope, absl::Duration timeout) {
  const Limits& limits = shard_.limits();
  const Running& running = shard_.running();
  // A coroutine that goes on beside later handlers serves no request any more.
  const bool serves = running.envelope != nullptr &&
                      (running.activation == nullptr || !running.activation->answered);
  Cell* const asker = running.cell;
  ask.asker_ = asker;
  ask.asker_generation_ = asker != nullptr ? asker->generation : 0;
  // Neither a constructor nor a destructor handles a message.
  const bool holds_asker = serves && !Interleaves(*running.envelope);
  ask.asking_ = holds_asker ? shard_.activations().Current().serial : 0;
  if (asker != nullptr && asker->asks() >= limits.asks_per_actor_max) {
    return absl::ResourceExhaustedError(absl::StrCat("the actor has asks_per_actor_max (",
                                                     limits.asks_per_actor_max,
                                                     ") requests without an outcome"));
  }
  const Instant now = shard_.loop().now();
  Instant deadline = now + (timeout == kDefaultTimeout ? limits.ask_timeout : timeout);
  if (serves) deadline.nanos = std::min(deadline.nanos, running.envelope->deadline);
  if (deadline <= now) {
    return absl::DeadlineExceededError("no time was left for the request");
  }
  const absl::Status chained = AttachChain(envelope, serves ? running.envelope : nullptr);
  if (!chained.ok()) return chained;
  ask.id_ = asks_.Add(&ask);
  if (ask.id_ == 0) {
    return absl::ResourceExhaustedError(absl::StrCat("the shard has asks_per_shard_max (",
                                                     limits.asks_per_shard_max,
                                                     ") requests without an outcome"));
  }
  if (asker != nullptr) ++asker->Tie().asks;
  envelope.ask = ask.id_;
  envelope.deadline = deadline.nanos;
  envelope.sender_shard = shard_.index();
  envelope.sender_slot = asker != nullptr ? asker->slot : kShardSlot;
  if (!deadline.is_infinite()) shard_.loop().timers().Arm(ask, deadline);
  return absl::OkStatus();
}

absl::Status AskTable::Deliver(PendingAsk& ask, const AnyRef& target, Envelope* envelope,
                               Certainty& certainty) {
  const bool local = shard_.IsLocal(target);
  Cell* const cell = local ? shard_.Find(target) : nullptr;
  SendResult result = SendResult::kGone;
  if (cell != nullptr) {
    certainty = Certainty::kNotExecuted;
    const absl::Status cycle = CheckCycle(*cell, *envelope);
    if (!cycle.ok()) return cycle;
    result = shard_.Enqueue(*cell, envelope);
    if (result == SendResult::kAccepted) inbound_.Add(*envelope);
  } else if (!local) {
    // Until its outbox is flushed, which may be at once.
    if (target.incarnation() == shard_.incarnation()) ask.unsent_ = envelope;
    result = shard_.SendElsewhere(target, envelope);
    if (result != SendResult::kAccepted) ask.unsent_ = nullptr;
  } else {
    certainty = Certainty::kNotExecuted;
  }
  switch (result) {
    case SendResult::kAccepted:
      return absl::OkStatus();
    case SendResult::kFull:
      return shard_.WhyFull(target, *envelope);
    case SendResult::kGone:
      break;
  }
  certainty = Certainty::kNotExecuted;
  return shard_.WhyGone(target);
}

PendingAsk* AskTable::Take(uint64_t id, absl::StatusCode outcome) {
  PendingAsk* const ask = asks_.Remove(id);
  if (ask == nullptr) {
    ++shard_.counters().late_replies;
    return nullptr;
  }
  shard_.loop().timers().Cancel(*ask);
  ask->id_ = 0;
  if (Cell* const asker = ask->asker()) --asker->Tie().asks;
  if (MessageTracer* const tracer = shard_.runtime().tracer()) [[unlikely]] {
    const Cell* const asker = ask->asker();
    const AnyRef& target = ask->target_;
    tracer->OnOutcome(
        {shard_.incarnation(), shard_.index(), asker != nullptr ? asker->slot : kShardSlot},
        ask->request_->name, {target.incarnation(), target.shard(), target.slot()}, outcome);
  }
  return ask;
}

Certainty AskTable::Drop(PendingAsk& ask, absl::StatusCode why) {
  const uint64_t id = ask.id_;
  const AnyRef& target = ask.target_;
  TROUPE_CHECK(Take(id, why) == &ask);
  if (!target) return Certainty::kMaybeExecuted;
  if (Envelope* const unsent = std::exchange(ask.unsent_, nullptr)) {
    shard_.outboxes().To(target.shard()).Withdraw(*unsent, shard_);
    return Certainty::kNotSent;
  }
  if (target.incarnation() != shard_.incarnation()) {
    if (Router* const router = shard_.runtime().router())
      router->Cancel(target, shard_.index(), id);
  } else if (target.shard() == shard_.index()) {
    GiveUp(target, shard_.index(), id);
  } else {
    // Behind the request, so on the road of requests.
    SendDataTo(shard_, target.shard(), GiveUpRequest{target, id, shard_.index()});
  }
  return Certainty::kMaybeExecuted;
}

uint32_t AskTable::FailSome(uint32_t budget) {
  uint32_t failed = 0;
  while (failed < budget) {
    PendingAsk* const ask = asks_.Any();
    if (ask == nullptr) break;
    Take(ask->id(), absl::StatusCode::kUnavailable);
    ask->OnReply(WithCertainty(absl::UnavailableError("the system has shut down"),
                               Certainty::kMaybeExecuted),
                 nullptr);
    ++failed;
  }
  return failed;
}

// --- The callee's side. ---

void AskTable::GiveUp(const AnyRef& target, uint16_t asker_shard, uint64_t ask) {
  InboundRequest* const request = inbound_.Find(asker_shard, ask);
  if (request == nullptr) return;
  if (request->activation != nullptr) {
    shard_.activations().Cancel(*request->activation);
  } else if (request->server != nullptr) {
    request->server->OnGivenUp();
  } else if (Cell* const cell = shard_.Find(target);
             cell != nullptr && (request->envelope->flags & kTaken) == 0) {
    shard_.mailboxes().Withdraw(*cell, *request->envelope);
  }
}

absl::Status AskTable::AttachChain(Envelope& envelope, const Envelope* parent) {
  envelope.chain = nullptr;
  if (parent == nullptr || parent->ask == 0 || (parent->flags & kEvent) != 0 ||
      parent->sender_slot == kShardSlot) {
    return absl::OkStatus();
  }
  auto* const chain = new CallChain;
  if (parent->flags & kHasChain) chain->links = parent->chain->links;
  chain->links.push_back({parent->ask, parent->sender_slot, parent->sender_shard});
  envelope.chain = chain;
  envelope.flags |= kHasChain;
  const uint32_t depth_max = shard_.limits().call_chain_depth_max;
  if (chain->links.size() >= depth_max) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the chain of requests is deeper than call_chain_depth_max (", depth_max, ")"));
  }
  return absl::OkStatus();
}

absl::Status AskTable::CheckCycle(const Cell& target, const Envelope& envelope) {
  const auto waits = [&](uint64_t ask, uint32_t slot, uint16_t shard) {
    if (shard != shard_.index() || slot != target.slot) return false;
    const PendingAsk* const pending = asks_.Find(ask);
    if (pending == nullptr || pending->asking_ == 0 || pending->asker_ != &target) return false;
    // Nobody waits for one whose handler has answered.
    for (const Activation* a = target.activations(); a != nullptr; a = a->next) {
      if (a->serial == pending->asking_) return !a->answered;
    }
    return false;
  };
  bool cycle = envelope.sender_slot != kShardSlot &&
               waits(envelope.ask, envelope.sender_slot, envelope.sender_shard);
  if (!cycle && (envelope.flags & kHasChain)) {
    for (const CallChain::Link& link : envelope.chain->links) {
      cycle = cycle || waits(link.ask, link.asker_slot, link.asker_shard);
    }
  }
  if (!cycle) return absl::OkStatus();
  ++shard_.counters().cycles;
  std::string path;
  if (envelope.flags & kHasChain) {
    for (const CallChain::Link& link : envelope.chain->links) {
      absl::StrAppend(&path, link.asker_shard, "/", link.asker_slot, " -> ");
    }
  }
  const std::string name = target.extra() != nullptr ? target.extra()->name : "";
  absl::StrAppend(&path, envelope.sender_shard, "/", envelope.sender_slot, " -> ", shard_.index(),
                  "/", target.slot);
  return absl::FailedPreconditionError(
      absl::StrCat("the request would wait for itself: ", path,
                   name.empty() ? "" : absl::StrCat(" (\"", name, "\")")));
}

}  // namespace troupe::internal
