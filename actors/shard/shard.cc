#include "troupe/actors/shard/shard.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "troupe/actors/coroutines/activation.h"
#include "troupe/actors/mail/router.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/runtime/shard_nouns.h"
#include "troupe/actors/typing/instance.h"
#include "troupe/base/check.h"
#include "troupe/base/text.h"

namespace troupe::internal {

constinit thread_local Shard* current_shard = nullptr;

Shard::Shard(Runtime& runtime, uint16_t index, uint16_t count, const Limits& limits, uint64_t seed)
    : runtime_(runtime),
      system_(runtime.system()),
      limits_(limits),
      incarnation_(runtime.incarnation()),
      index_(index),
      shard_count_(count),
      envelopes_(index, memory_),
      blocks_(memory_),
      slots_(limits.actors_per_shard_max),
      nouns_(std::make_unique<ShardNouns>(*this, memory_, count, limits, seed)),
      activations_(&nouns_->activations),
      asks_(&nouns_->asks),
      births_(&nouns_->births),
      supervisor_(&nouns_->supervisor) {
  limbo_.state = CellState::kRunning;
  limbo_.slot = kShardSlot;
}

Shard::~Shard() = default;

DeadLetters& Shard::dead_letters() { return nouns_->dead_letters; }
Mailboxes& Shard::mailboxes() { return nouns_->mailboxes; }
EventRecords& Shard::records() { return nouns_->records; }
InboundLinks& Shard::inbound() { return nouns_->inbound; }
ShardInbox& Shard::inbox() { return nouns_->inbox; }
Monitors& Shard::monitors() { return nouns_->monitors; }
Outboxes& Shard::outboxes() { return nouns_->outboxes; }
Random& Shard::random() { return nouns_->random; }
SlotTable& Shard::slots_table() { return nouns_->slots; }
ShardTurn& Shard::turn() { return nouns_->turn; }

void Shard::set_loop(std::unique_ptr<Loop> loop) {
  loop_ = loop.get();
  turn().set_loop(std::move(loop));
}

int64_t Shard::now_nanos() const { return loop_->now().nanos; }

// --- The actor's turn. ---

// Inlined, as the ones around it: calls and the registers they save are a fifth of what a small
// message costs.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline void Shard::RunMessage(Cell& cell, Envelope* envelope) {
  TROUPE_DCHECK(running_.activation == nullptr);
  running_.cell = &cell;
  running_.envelope = envelope;
  Progress progress = Progress::kDone;
  try {
    progress = envelope->type->dispatch(cell.actor, *envelope);
  } catch (...) {
    supervisor().HandlerThrew(cell);  // Has the cell's attention.
  }
  if (progress != Progress::kDone || running_.activation != nullptr) [[unlikely]]
    return LeaveHandler(envelope, progress);
  running_.cell = nullptr;
  running_.envelope = nullptr;
  if ((envelope->flags & (kAttachments | kEvent)) == 0 && envelope->home == index_) [[likely]] {
    envelopes_.Free(envelope);
  } else {
    // The events of a life have no record.
    if ((envelope->flags & kEvent) == 0 || envelope->record != 0) AfterHandler(*envelope);
    Recycle(envelope);
  }
}

void Shard::LeaveHandler(Envelope* envelope, Progress progress) {
  bool keeps_envelope = progress != Progress::kDone;
  if (running_.activation != nullptr) keeps_envelope |= activations_->Leave(keeps_envelope);
  running_.cell = nullptr;
  running_.envelope = nullptr;
  if (progress == Progress::kDone) AfterHandler(*envelope);
  if (!keeps_envelope) Recycle(envelope);
}

void Shard::RunEvent(Cell& cell, Envelope* envelope) {
  RunMessage(cell, envelope);
  if (cell.marked(kStopsItself)) supervisor().StopItself(cell);
}

void Shard::AfterHandler(const Envelope& envelope) {
  // The events of a life have no record.
  if ((envelope.flags & kEvent) == 0 || envelope.record == 0) return;
  if (EventRecord* const record = records().Find(envelope.record)) record->AfterHandler();
}

Envelope* Shard::TakeFirst(Cell& cell) {
  Envelope* const envelope = cell.mailbox.Pop();
  envelope->flags |= kTaken;
  if ((envelope->flags & kNeedsCheck) == 0) {  // The others are not counted.
    --cell.messages;
    cell.bytes -= envelope->bytes;
  }
  return envelope;
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline uint32_t Shard::Visit(Cell& cell, uint32_t budget,
                                                          bool traced) {
  if (cell.stall != 0 && cell.state == CellState::kStarting) [[unlikely]] {
    if (births().Start(cell)) return 1;
  }
  const uint32_t limit = std::min(budget, limits_.turn_messages_per_actor_max);
  uint32_t handled = 0;
  if (cell.stall != 0) [[unlikely]] {
    // Handlers that wait go on before new ones begin. Those beside them may be ready for ever: they
    // leave the mailbox half of the visit, and all leave it one message.
    handled =
        SeeToAttention(cell, handled, limit, cell.mailbox.empty() ? limit : limit - limit / 2);
    if ((cell.stall & kMailboxWaits) != 0) return handled;
    handled = std::min(handled, limit - 1);
  }
  const int64_t now = now_nanos();
  uint64_t dispatched = 0;
  while (!cell.mailbox.empty()) {
    if (handled >= limit) {
      MakeRunnable(cell);
      break;
    }
    ++handled;
    Envelope* const envelope = TakeFirst(cell);
    envelope->cell = &cell;
    if ((envelope->flags & kNeedsCheck) != 0 || envelope->deadline < now) [[unlikely]] {
      if (!PassesChecks(cell, envelope)) {
        // There is room for what waits for it.
        handled = SeeToAttention(cell, handled, limit, cell.mailbox.empty() ? limit : 1);
        if ((cell.stall & kMailboxWaits) != 0) break;
        continue;
      }
    }
    ++dispatched;
    if (traced) turn().TraceMessage(cell, *envelope);
    RunMessage(cell, envelope);
    if (cell.stall != 0) [[unlikely]] {
      handled = SeeToAttention(cell, handled, limit, cell.mailbox.empty() ? limit : 1);
      if ((cell.stall & kMailboxWaits) != 0) break;
    }
  }
  counters_.handled += dispatched;
  return handled;
}

uint32_t Shard::RunReady(uint32_t budget) {
  uint32_t left = budget;
  const auto run = [&](auto traced) {
    for (Cell* cell; left > 0 && (cell = run_queue_.Pop()) != nullptr;) {
      // A visit that handled nothing costs a message too: the turn stays bounded.
      const uint32_t handled = std::max<uint32_t>(Visit(*cell, left, traced.value), 1);
      left -= std::min(left, handled);
    }
  };
  runtime_.tracer() == nullptr ? run(std::false_type()) : run(std::true_type());
  return budget - left;
}

// Coroutines that the actor keeps, beside its handlers, take up to `kept_max`.
uint32_t Shard::SeeToAttention(Cell& cell, uint32_t handled, uint32_t limit, uint32_t kept_max) {
  if (cell.arrivals_wait()) mailboxes().AdmitWaiting(cell);
  if ((cell.stall & kAttention) == 0) return handled;
  cell.stall &= static_cast<uint8_t>(~kAttention);
  if (cell.marked(kStopsItself)) supervisor().StopItself(cell);
  // Most that stop have nothing else to do.
  if (cell.marked(kStopAsked) && supervisor().EndAtOnce(cell)) return handled + 1;
  // Those that become ready meanwhile wait for the actor's next visit.
  uint32_t ready = 0;
  if (cell.ready_tail() != nullptr && (cell.stall & kHeld) == 0) {
    const Activation* each = cell.ready_tail();
    do {
      ++ready;
      each = each->ready_next;
    } while (each != cell.ready_tail() && handled + ready < limit);
  }
  for (; ready > 0 && cell.ready_tail() != nullptr && (cell.stall & kHeld) == 0 &&
         (cell.state == CellState::kStopping || !cell.marked(kFailed));
       --ready) {
    Activation& next = *cell.ready_tail()->ready_next;
    uint32_t left = std::max<uint32_t>(limit - std::min(limit, handled), 1);
    if (next.answered) left = std::min(left, kept_max);
    if (left == 0) {
      cell.ties().ready_tail = &next;  // To the end of the circle.
      continue;
    }
    const bool kept = next.answered;
    const uint32_t ran = std::max<uint32_t>(activations_->Run(next, left), 1);
    if (kept) kept_max -= std::min(kept_max, ran);
    handled += ran;
  }
  if (cell.ready_tail() != nullptr) {
    cell.stall |= kAttention;
    if ((cell.stall & kHeld) == 0) MakeRunnable(cell);
  }
  if (cell.state == CellState::kLeased) return handled;
  if (cell.marked(kStopAsked) || cell.state == CellState::kStopping) {
    // Its mailbox waits from then on, whichever state it is left in.
    handled += supervisor().Continue(cell, std::max<uint32_t>(limit - std::min(limit, handled), 1));
  }
  return handled;
}

bool Shard::PassesChecks(Cell& cell, Envelope* envelope) {
  if (envelope->flags & kEvent) {
    if (records().BeforeHandler(cell, *envelope)) return true;
  } else if (envelope->flags & kCancelled) {
    ++counters_.cancelled;
    mailboxes().NoteWithdrawnGone(cell);
  } else if (envelope->flags & kNotice) {
    envelope->deadline = kNoDeadline;
    if (envelope->sender_life == cell.life) return true;
  } else if (envelope->deadline < now_nanos()) {
    ++counters_.expired;
  } else {
    return true;
  }
  dead_letters().Discard(envelope);
  return false;
}

// --- A message's way. ---

Envelope* Shard::TakeEnvelopeSlow() {
  outboxes().TakeReturns();
  if (envelopes_.empty()) envelopes_.Refill();
  return envelopes_.Allocate();
}

SendResult Shard::EnqueueOverLimit(Cell& cell, Envelope* envelope) {
  const SendResult result = mailboxes().MakeRoom(cell, *envelope);
  if (result == SendResult::kAccepted) EnqueueUnbounded(cell, envelope);
  mailboxes().RefuseDropped();
  return result;
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
  TROUPE_CHECK_MSG(ref.system() == system_,
                   "a handle was used on a shard of another System: threads that are no "
                   "shard's may use it, and Nodes reach one another");
  if (ref.incarnation() != incarnation_) {
    Router* const router = runtime_.router();
    return router != nullptr ? router->Send(ref, envelope) : SendResult::kGone;
  }
  if (!HasShard(ref.shard())) return SendResult::kGone;
  Outbox& outbox = outboxes().To(ref.shard());
  if (outbox.Full(envelope->bytes) || outbox.HoldsBack(ref.slot(), ref.generation())) {
    ++counters_.refused_full;
    return SendResult::kFull;
  }
  envelope->slot = ref.slot();
  envelope->generation = ref.generation();
  outboxes().Push(outbox, envelope, Charge::kMessage);
  return SendResult::kAccepted;
}

bool Shard::Deliver(Envelope* envelope, uint16_t from) {
  if (envelope->slot == kShardSlot) {
    envelope->type->dispatch(nullptr, *envelope);
    Recycle(envelope);
    return false;
  }
  Cell* const cell = Find(envelope->slot, envelope->generation);
  auto arrival = Mailboxes::Arrival::kGone;
  if (cell != nullptr) {
    if (envelope->flags & kUnbounded) {
      if (!cell->arrivals_wait() || !mailboxes().ArriveBehind(*cell, envelope, from)) {
        EnqueueEvent(*cell, envelope);
      }
      return false;
    }
    if (envelope->ask != 0) {
      absl::Status cycle = asks_->CheckCycle(*cell, *envelope);
      if (!cycle.ok()) {
        dead_letters().Refuse(envelope, std::move(cycle), Certainty::kNotExecuted);
        return false;
      }
    }
    if (Mailboxes::Admits(*cell, *envelope)) [[likely]] {
      EnqueueUnbounded(*cell, envelope);
      arrival = Mailboxes::Arrival::kEnqueued;
    } else {
      arrival = mailboxes().Arrive(*cell, envelope, from);
    }
  }
  switch (arrival) {
    case Mailboxes::Arrival::kEnqueued:
    case Mailboxes::Arrival::kWaits:
      if (envelope->ask != 0) asks_->inbound().Add(*envelope);
      return arrival == Mailboxes::Arrival::kWaits;
    case Mailboxes::Arrival::kFull:
      dead_letters().Refuse(envelope, mailboxes().WhyFull(*cell, *envelope),
                            Certainty::kNotExecuted);
      return false;
    case Mailboxes::Arrival::kGone:
      break;
  }
  dead_letters().Refuse(envelope, absl::UnavailableError("the actor has ended"),
                        Certainty::kNotExecuted);
  return false;
}

absl::Status Shard::WhyFull(const AnyRef& ref, const Envelope& envelope) {
  if (IsLocal(ref)) return mailboxes().WhyFull(*Find(ref), envelope);
  if (ref.incarnation() != incarnation_) {
    return absl::ResourceExhaustedError("too much waits to be sent to the node");
  }
  if (outboxes().To(ref.shard()).HoldsBack(ref.slot(), ref.generation())) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the mailbox is full, and more waits for it on shard ", ref.shard()));
  }
  return absl::ResourceExhaustedError(
      envelope.bytes > limits_.outbox_bytes_max
          ? absl::StrCat("a message of ", envelope.bytes, " bytes can never fit outbox_bytes_max (",
                         limits_.outbox_bytes_max, ")")
          : absl::StrCat("too much waits to be handed to shard ", ref.shard(),
                         ": outbox_messages_max (", limits_.outbox_messages_max,
                         ") or outbox_bytes_max (", limits_.outbox_bytes_max, ")"));
}

absl::Status Shard::WhyGone(const AnyRef& ref) {
  if (!ref) return absl::UnavailableError("the handle is empty");
  if (ref.incarnation() != incarnation_) {
    return absl::UnavailableError("the actor is of another process, which no Node reaches");
  }
  if (ref.slot() != Births::kUnbornSlot) return absl::UnavailableError("the actor has ended");
  const absl::Status why = runtime_.WhyUnborn(ref.generation());
  return absl::UnavailableError(
      absl::StrCat("the actor was never born: ", AbslView(StdView(why.message()))));
}

void Shard::FreeAttachments(Envelope* envelope) {
  if (envelope->flags & kIndexed) asks_->inbound().Remove(*envelope);
  DeleteOwned(*envelope);
  if ((envelope->flags & kOutOfLine) == 0) return;
  // A block of another shard's pool goes home with its envelope.
  if (envelope->home != index_ && envelope->home != kNoShard) return;
  void* const block = *reinterpret_cast<void**>(envelope->inline_payload);
  if (envelope->home == kNoShard) {
    ::operator delete(block);
  } else {
    blocks_.Free(block, envelope->block_class);
  }
  envelope->flags &= static_cast<uint16_t>(~kOutOfLine);
}

void Shard::RecycleForeign(Envelope* envelope) {
  if (envelope->home == kNoShard) {
    delete envelope;
  } else {
    outboxes().Return(envelope);
  }
}

// --- To other shards. ---

void Shard::PushTo(uint16_t shard, Envelope* envelope) {
  envelope->flags |= kUnbounded;
  outboxes().Push(outboxes().To(shard), envelope, Charge::kReply);
}

void Shard::PushControlTo(uint16_t shard, Envelope* envelope) {
  envelope->flags |= kUnbounded;
  outboxes().PushControl(shard, envelope);
}

}  // namespace troupe::internal
