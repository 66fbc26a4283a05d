#include "troupe/actors/mail/dead_letters.h"

#include <limits>
#include <utility>

#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/envelopes/message_origin.h"
#include "troupe/actors/events.h"
#include "troupe/actors/mail/outboxes.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/base/text.h"

namespace troupe::internal {
namespace {

struct UndeliveredNotice {
  AnyRef sender;
  uint32_t life;
  Undelivered* notice;  // Owned.

  void operator()(Shard& shard) {
    shard.dead_letters().NoteUndelivered(sender, life, *notice);
    delete notice;
  }
};

// A request whose asker gave up: only its envelope is left.
constexpr MessageType kWithdrawnType = {.destroy = [](Envelope&) {}, .name = "a withdrawn request"};

}  // namespace

void FailAsk::operator()(Shard& shard) {
  if (PendingAsk* const pending = shard.asks().Take(ask, status.code())) {
    pending->OnReply(std::move(status), nullptr);
  }
}

void DeadLetters::Discard(Envelope* envelope) {
  {
    // The destructor is users' code, and of no actor.
    Activations::Scope scope(shard_, nullptr, nullptr);
    envelope->type->destroy(*envelope);
  }
  shard_.Recycle(envelope);
}

void DeadLetters::MakeWithdrawn(Envelope& request) {
  {
    Activations::Scope scope(shard_, nullptr, nullptr);
    request.type->destroy(request);
  }
  shard_.asks().inbound().Remove(request);
  request.type = &kWithdrawnType;
  request.flags |= kCancelled;
}

void DeadLetters::Refuse(Envelope* envelope, absl::Status why, Certainty certainty) {
  if ((envelope->flags & kNeedsCheck) != 0) return Discard(envelope);
  AnyRef target;
  // One that was sent on this shard was accepted, and then the actor ended.
  if (envelope->sender_shard != shard_.index()) {
    target = AnyRef(shard_.runtime().system(), shard_.incarnation(), shard_.index(), envelope->slot,
                    envelope->generation);
  }
  RefuseSent(target, envelope, std::move(why), certainty);
}

void DeadLetters::RefuseSent(const AnyRef& target, Envelope* envelope, absl::Status why,
                             Certainty certainty) {
  if (envelope->ask != 0) {
    ReplyError(*envelope, WithCertainty(std::move(why), certainty));
  } else if ((envelope->flags & kNotice) == 0) {
    ++shard_.counters().dead_letters;
    if (envelope->flags & kHasOrigin) {
      envelope->origin->OnRefused(shard_, why);
    } else if (target) {
      TellSender(*envelope, target, why);
    }
  }
  Discard(envelope);
}

void DeadLetters::ReplyError(Envelope& request, absl::Status status) {
  if (request.ask == 0) return;
  shard_.asks().inbound().Remove(request);
  SendDataTo(shard_, request.sender_shard, FailAsk{request.ask, std::move(status)});
}

void DeadLetters::Abandon(Envelope& envelope, std::string_view why) {
  // A one-way message was delivered, whatever became of it.
  if ((envelope.flags & kEvent) == 0) {
    ReplyError(envelope,
               WithCertainty(absl::AbortedError(AbslView(why)), Certainty::kMaybeExecuted));
  }
  envelope.type->destroy(envelope);
}

void DeadLetters::TellSender(const Envelope& envelope, const AnyRef& target,
                             const absl::Status& why) {
  if (envelope.sender_slot == kShardSlot || envelope.sender_shard == kNoShard) return;
  const AnyRef sender(shard_.runtime().system(), shard_.incarnation(), envelope.sender_shard,
                      envelope.sender_slot, SenderGenerationOf(envelope));
  // What cannot be told is counted here all the same.
  if (!shard_.outboxes().ControlRoom(sender.shard()).ok()) return;
  SendControlTo(shard_, sender.shard(),
                UndeliveredNotice{sender, envelope.sender_life,
                                  new Undelivered{.target = target,
                                                  .message = envelope.type->name,
                                                  .reason = why.code(),
                                                  .tag = Tag(TagOf(envelope))}});
}

void DeadLetters::NoteUndelivered(const AnyRef& sender, uint32_t life, const Undelivered& what) {
  ++shard_.counters().undelivered;
  Cell* const cell = shard_.Find(sender);
  if (cell == nullptr || cell->instance() == nullptr || cell->life != life) return;
  const MessageType* const type = cell->instance()->info().undelivered;
  const bool lives = cell->state == CellState::kStarting || cell->state == CellState::kRunning;
  if (type == nullptr || !lives) return;
  Envelope* const envelope = shard_.NewEnvelope(type);
  envelope->flags |= kNotice;
  // The mailbox outlives a restart, and this is for the life that sent it: seen to when it is
  // taken.
  envelope->sender_life = life;
  envelope->deadline = std::numeric_limits<int64_t>::min();
  shard_.SetPayload(envelope, what, 0);
  // Counted in any case: a sender that does not look at its mailbox gets no more of them.
  if (shard_.Enqueue(*cell, envelope) != SendResult::kAccepted) Discard(envelope);
}

}  // namespace troupe::internal
