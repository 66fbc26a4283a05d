// Shard: where messages go, and what becomes of those that reach nobody; asks.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/call_chain.h"
#include "troupe/actors/dispatch.h"
#include "troupe/actors/message_origin.h"
#include "troupe/actors/method.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/router.h"
#include "troupe/actors/runtime.h"
#include "troupe/actors/shard.h"
#include "troupe/base/text.h"

namespace troupe::internal {
namespace {

struct FailAsk {
  uint64_t ask;
  absl::Status status;

  void operator()(Shard& shard) {
    if (PendingAsk* const pending = shard.TakeAsk(ask))
      pending->OnReply(std::move(status), nullptr);
  }
};

struct CancelRequest {
  uint64_t generation;
  uint64_t ask;
  uint32_t slot;
  uint16_t asker_shard;

  void operator()(Shard& shard) { shard.CancelCall(slot, generation, asker_shard, ask); }
};

struct UndeliveredNotice {
  AnyRef sender;
  Undelivered* notice;  // Owned.

  void operator()(Shard& shard) {
    shard.NoteUndelivered(sender, std::move(*notice));
    delete notice;
  }
};

absl::Status GoneStatus() { return absl::UnavailableError("the actor has ended"); }
// Takes the oldest one-way message out of `mailbox`; null when there is none among its first.
Envelope* TakeOldestOneWay(EnvelopeQueue& mailbox) {
  constexpr int kLooksMax = 64;
  Envelope* before = nullptr;
  Envelope* each = mailbox.head;
  for (int i = 0; each != nullptr && i < kLooksMax; ++i) {
    if ((each->flags & kEvent) == 0 && each->ask == 0) {
      (before != nullptr ? before->next : mailbox.head) = each->next;
      if (mailbox.tail == each) mailbox.tail = before;
      return each;
    }
    before = std::exchange(each, each->next);
  }
  return nullptr;
}

absl::Status FullStatus() { return absl::ResourceExhaustedError("the mailbox is full"); }

}  // namespace

void Shard::FreeAttachments(Envelope* envelope) {
  if (envelope->flags & kHasChain) {
    delete envelope->chain;
    envelope->flags &= ~kHasChain;
  }
  if (envelope->flags & kHasOrigin) {
    delete envelope->origin;
    envelope->flags &= ~kHasOrigin;
  }
  if ((envelope->flags & kOutOfLine) == 0) return;
  // A block of another shard's pool goes home with its envelope.
  if (envelope->home != index_ && envelope->home != kNoShard) return;
  void* const block = *reinterpret_cast<void**>(envelope->inline_payload);
  if (envelope->home == kNoShard) {
    ::operator delete(block);
  } else {
    blocks_.Free(block, envelope->block_class);
  }
  envelope->flags &= ~kOutOfLine;
}

void Shard::RecycleForeign(Envelope* envelope) {
  if (envelope->home == kNoShard) {
    delete envelope;
  } else {
    outboxes_[envelope->home].Return(envelope);
  }
}

Envelope* Shard::NewEnvelopeSlow(const MessageType* type) {
  TakeReturns();
  if (envelopes_.empty()) envelopes_.Refill();
  return NewEnvelope(type);
}

void Shard::TakeReturns() {
  for (size_t from = 0; from < runtime_.shard_count(); ++from) {
    if (from == index_) continue;
    SpscRing<Envelope*>& ring = runtime_.link(from, index_).returns;
    Envelope* chain = nullptr;
    while (ring.Pop(&chain, 1) == 1) {
      while (chain != nullptr) {
        Envelope* const next = chain->next;
        Recycle(chain);
        chain = next;
      }
    }
  }
}

SendResult Shard::EnqueueOverLimit(Cell& cell, Envelope* envelope) {
  if (cell.messages_max == 0) return SendResult::kGone;  // It stops for good.
  while (cell.drop_oldest && envelope->bytes <= cell.bytes_max) {
    Envelope* const oldest = TakeOldestOneWay(cell.mailbox);
    if (oldest == nullptr) break;
    --cell.messages;
    cell.bytes -= oldest->bytes;
    Refuse(oldest, absl::ResourceExhaustedError("dropped from a full mailbox for a newer message"),
           Certainty::kNotExecuted);
    if (cell.messages < cell.messages_max &&
        uint64_t{cell.bytes} + envelope->bytes <= cell.bytes_max) {
      EnqueueUnbounded(cell, envelope);
      return SendResult::kAccepted;
    }
  }
  ++counters_.refused_full;
  return SendResult::kFull;
}

SendResult Shard::Route(const AnyRef& ref, Envelope* envelope) {
  if (!IsLocal(ref)) return SendElsewhere(ref, envelope);
  Cell* const cell = Find(ref);
  if (cell == nullptr) {
    ++counters_.dead_letters;
    return SendResult::kGone;
  }
  return Enqueue(*cell, envelope);
}

SendResult Shard::SendElsewhere(const AnyRef& ref, Envelope* envelope) {
  if (!ref) {
    ++counters_.dead_letters;
    return SendResult::kGone;
  }
  TROUPE_CHECK_MSG(ref.system() == runtime_.system(),
                   "a handle was used on a shard of another System");
  if (ref.incarnation() != incarnation_) {
    Router* const router = runtime_.router();
    return router != nullptr ? router->Send(ref, envelope) : SendResult::kGone;
  }
  if (ref.shard() >= outboxes_.size()) return SendResult::kGone;
  Outbox& outbox = outboxes_[ref.shard()];
  if (outbox.Full(envelope->bytes)) {
    ++counters_.refused_full;
    return SendResult::kFull;
  }
  envelope->slot = ref.slot();
  envelope->generation = ref.generation();
  outbox.Push(envelope);
  return SendResult::kAccepted;
}

void Shard::SendControl(uint16_t shard, Envelope* envelope) {
  envelope->slot = kShardSlot;
  envelope->flags |= kUnbounded;
  outboxes_[shard].Push(envelope);
}

void Shard::Deliver(Envelope* envelope) {
  if (envelope->slot == kShardSlot) {
    envelope->type->dispatch(nullptr, *envelope);
    Recycle(envelope);
    return;
  }
  Cell* const cell = Find(envelope->slot, envelope->generation);
  if (cell == nullptr) {
    Refuse(envelope, GoneStatus(), Certainty::kNotExecuted);
    return;
  }
  if (envelope->flags & kUnbounded) {
    EnqueueEvent(*cell, envelope);
    return;
  }
  if (envelope->ask != 0) {
    const absl::Status cycle = CheckCycle(*cell, *envelope);
    if (!cycle.ok()) {
      Refuse(envelope, cycle, Certainty::kNotExecuted);
      return;
    }
  }
  switch (Enqueue(*cell, envelope)) {
    case SendResult::kAccepted:
      return;
    case SendResult::kFull:
      Refuse(envelope, FullStatus(), Certainty::kNotExecuted);
      return;
    case SendResult::kGone:
      Refuse(envelope, GoneStatus(), Certainty::kNotExecuted);
      return;
  }
}

void Shard::Refuse(Envelope* envelope, absl::Status why, Certainty certainty) {
  if ((envelope->flags & kEvent) == 0) {
    if (envelope->ask != 0) {
      ReplyError(*envelope, WithCertainty(std::move(why), certainty));
    } else {
      DeadLetter(*envelope, why);
    }
  }
  envelope->type->destroy(*envelope);
  Recycle(envelope);
}

void Shard::RefuseSent(const AnyRef& target, Envelope* envelope, absl::Status why,
                       Certainty certainty) {
  if (envelope->ask != 0) {
    ReplyError(*envelope, WithCertainty(std::move(why), certainty));
  } else {
    ++counters_.dead_letters;
    TellSender(*envelope, target, why);
  }
  envelope->type->destroy(*envelope);
  Recycle(envelope);
}

void Shard::DeadLetter(Envelope& envelope, const absl::Status& why) {
  ++counters_.dead_letters;
  if (envelope.flags & kHasOrigin) return envelope.origin->OnRefused(*this, why);
  // Sent on this shard, it was accepted, and then the actor ended: no refusal comes back.
  if (envelope.sender_shard == index_) return;
  TellSender(envelope, AnyRef(system_, incarnation_, index_, envelope.slot, envelope.generation),
             why);
}

void Shard::TellSender(const Envelope& envelope, const AnyRef& target, const absl::Status& why) {
  if (envelope.sender_slot == kShardSlot || envelope.sender_shard == kNoShard) return;
  const AnyRef sender(system_, incarnation_, envelope.sender_shard, envelope.sender_slot,
                      envelope.sender_generation);
  Undelivered notice{.target = target, .message = envelope.type->name, .reason = why.code()};
  SendControlTo(*this, sender.shard(), UndeliveredNotice{sender, new Undelivered(notice)});
}

void Shard::NoteUndelivered(const AnyRef& sender, Undelivered notice) {
  ++counters_.undelivered;
  Cell* const cell = Find(sender);
  if (cell == nullptr || cell->instance == nullptr) return;
  const MessageType* const type = cell->instance->info().undelivered;
  if (type == nullptr || cell->state == CellState::kStopping) return;
  Envelope* const envelope = NewEnvelope(type);
  SetPayload(envelope, std::move(notice), 0);
  // Counted in any case: a sender that does not look at its mailbox gets no more of them.
  if (Enqueue(*cell, envelope) != SendResult::kAccepted) DiscardUnsent(envelope);
}

// --- Asks. ---

void Shard::StartAsk(PendingAsk& ask, const AnyRef& target, Envelope* envelope,
                     absl::Duration timeout) {
  const auto fail = [&](absl::Status status, Certainty certainty) {
    DiscardUnsent(envelope);
    ask.OnReply(WithCertainty(std::move(status), certainty), nullptr);
  };
  Cell* const asker = current_cell_;
  ask.target_ = target;
  ask.asker_ = asker;
  ask.asker_generation_ = asker != nullptr ? asker->generation : 0;
  // A constructor and a destructor handle no message.
  const bool holds_asker = current_envelope_ != nullptr && !Interleaves(*current_envelope_);
  ask.asking_ = holds_asker ? CurrentActivation()->serial : 0;
  if (asker != nullptr && asker->asks >= limits_.asks_per_actor_max) {
    return fail(absl::ResourceExhaustedError("asks_per_actor_max requests are pending"),
                Certainty::kNotSent);
  }
  Instant deadline = loop_->now() + (timeout == kDefaultTimeout ? limits_.ask_timeout : timeout);
  if (current_envelope_ != nullptr) {
    deadline.nanos = std::min(deadline.nanos, current_envelope_->deadline);
  }
  if (deadline <= loop_->now()) {
    return fail(absl::DeadlineExceededError("no time was left for the request"),
                Certainty::kNotSent);
  }
  const absl::Status chained = AttachChain(*envelope);
  if (!chained.ok()) return fail(chained, Certainty::kNotSent);
  const uint64_t id = asks_.Add(&ask);
  if (id == 0) {
    return fail(absl::ResourceExhaustedError("asks_per_shard_max requests are pending"),
                Certainty::kNotSent);
  }
  ask.id_ = id;
  if (asker != nullptr) ++asker->asks;
  envelope->ask = id;
  envelope->deadline = deadline.nanos;
  envelope->sender_shard = index_;
  envelope->sender_slot = asker != nullptr ? asker->slot : kShardSlot;
  if (!deadline.is_infinite()) loop_->timers().Arm(ask, deadline);

  SendResult result;
  absl::Status cycle;
  if (IsLocal(target)) {
    Cell* const cell = Find(target);
    if (cell != nullptr) cycle = CheckCycle(*cell, *envelope);
    result = cell == nullptr ? SendResult::kGone
             : cycle.ok()    ? Enqueue(*cell, envelope)
                             : SendResult::kFull;
  } else {
    result = SendElsewhere(target, envelope);
  }
  if (result == SendResult::kAccepted) return;
  TakeAsk(id);
  if (!cycle.ok()) return fail(cycle, Certainty::kNotExecuted);
  fail(result == SendResult::kFull ? absl::ResourceExhaustedError("the way to the actor is full")
                                   : GoneStatus(),
       Certainty::kNotExecuted);
}

PendingAsk* Shard::TakeAsk(uint64_t id) {
  PendingAsk* const ask = asks_.Remove(id);
  if (ask == nullptr) {
    ++counters_.late_replies;
    return nullptr;
  }
  loop_->timers().Cancel(*ask);
  ask->id_ = 0;
  if (ask->asker_ != nullptr && ask->asker_->generation == ask->asker_generation_) {
    --ask->asker_->asks;
  }
  return ask;
}

void Shard::DropAsk(PendingAsk& ask, bool tell_callee) {
  const uint64_t id = ask.id_;
  if (TakeAsk(id) == nullptr || !tell_callee) return;
  const AnyRef& target = ask.target_;
  if (!target) return;
  if (target.incarnation() != incarnation_) {
    if (Router* const router = runtime_.router()) router->Cancel(target, index_, id);
  } else if (target.shard() < outboxes_.size()) {
    SendControlTo(*this, target.shard(),
                  CancelRequest{target.generation(), id, target.slot(), index_});
  }
}

void Shard::ReplyError(Envelope& request, absl::Status status) {
  if (request.ask == 0) return;
  SendControlTo(*this, request.sender_shard, FailAsk{request.ask, std::move(status)});
}

void Shard::ResolveAllAsks() {
  while (PendingAsk* const ask = asks_.Any()) {
    TakeAsk(ask->id());
    ask->OnReply(WithCertainty(absl::UnavailableError("the system has shut down"),
                               Certainty::kMaybeExecuted),
                 nullptr);
  }
}

bool Shard::Interleaves(const Envelope& envelope) {
  const MethodInfo* const method = envelope.type->method;
  return method != nullptr && (method->interleave || method->kind == MethodKind::kServerStream);
}

absl::Status Shard::AttachChain(Envelope& envelope) {
  envelope.chain = nullptr;
  const Envelope* const parent = current_envelope_;
  if (parent == nullptr || parent->ask == 0 || (parent->flags & kEvent) != 0 ||
      parent->sender_slot == kShardSlot) {
    return absl::OkStatus();
  }
  auto* const chain = new CallChain;
  if (parent->flags & kHasChain) chain->links = parent->chain->links;
  chain->links.push_back({parent->ask, parent->sender_slot, parent->sender_shard});
  envelope.chain = chain;
  envelope.flags |= kHasChain;
  if (chain->links.size() >= limits_.call_chain_depth_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the chain of requests is deeper than call_chain_depth_max (",
                     limits_.call_chain_depth_max, ")"));
  }
  return absl::OkStatus();
}

absl::Status Shard::CheckCycle(const Cell& target, const Envelope& envelope) {
  const auto waits = [&](uint64_t ask, uint32_t slot, uint16_t shard) {
    if (shard != index_ || slot != target.slot) return false;
    const PendingAsk* const pending = asks_.Find(ask);
    if (pending == nullptr || pending->asking_ == 0 || pending->asker_ != &target) return false;
    // One whose handler is through is waited for by nobody.
    for (const Activation* a = target.activations; a != nullptr; a = a->next) {
      if (a->serial == pending->asking_) return true;
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
  ++counters_.cycles;
  std::string path;
  if (envelope.flags & kHasChain) {
    for (const CallChain::Link& link : envelope.chain->links) {
      absl::StrAppend(&path, link.asker_shard, "/", link.asker_slot, " -> ");
    }
  }
  const std::string name = target.extra != nullptr ? target.extra->name : "";
  absl::StrAppend(&path, envelope.sender_shard, "/", envelope.sender_slot, " -> ", index_, "/",
                  target.slot);
  return absl::FailedPreconditionError(
      absl::StrCat("the request would wait for itself: ", path,
                   name.empty() ? "" : absl::StrCat(" (\"", name, "\")")));
}

PendingAsk::~PendingAsk() = default;

void PendingAsk::OnItem(void*) {}

void PendingAsk::OnTimer() {
  Shard& shard = *Shard::Current();
  shard.DropAsk(*this, /*tell_callee=*/true);
  OnReply(WithCertainty(absl::DeadlineExceededError("no reply within the deadline"),
                        Certainty::kMaybeExecuted),
          nullptr);
}

}  // namespace troupe::internal
