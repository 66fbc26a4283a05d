#include "troupe/actors/mail/mailboxes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/mail/inbound_links.h"
#include "troupe/actors/mail/outboxes.h"
#include "troupe/actors/mail/shard_inbox.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/cell_extra.h"
#include "troupe/actors/typing/dispatch.h"

namespace troupe::internal {
namespace {

bool Fits(const Cell& cell, const Envelope& envelope) {
  return cell.messages < cell.messages_max &&
         uint64_t{cell.bytes} + envelope.bytes <= cell.bytes_max;
}

// Takes the oldest one-way message out; null when there is none among the first.
Envelope* TakeOldestOneWay(EnvelopeQueue& queue) {
  constexpr int kLooksMax = 64;
  Envelope* before = nullptr;
  Envelope* each = queue.head;
  for (int i = 0; each != nullptr && i < kLooksMax; ++i) {
    if ((each->flags & kNeedsCheck) == 0 && each->ask == 0) {
      (before != nullptr ? before->next : queue.head) = each->next;
      if (queue.tail == each) queue.tail = before;
      return each;
    }
    before = std::exchange(each, each->next);
  }
  return nullptr;
}
Envelope* TakeOldestOneWay(EnvelopeRing& mailbox) {
  EnvelopeQueue all = mailbox.TakeAll();
  Envelope* const oldest = TakeOldestOneWay(all);
  mailbox.PutBack(all);
  return oldest;
}

// To the shard of those who send more to one actor than that can take.
struct HoldBackOrder {
  uint64_t generation;
  uint32_t slot;
  uint16_t shard;
  bool holds_back;

  void operator()(Shard& sender) {
    sender.outboxes().To(shard).HoldBack(slot, generation, holds_back);
  }
};

}  // namespace

SendResult Mailboxes::MakeRoom(Cell& cell, const Envelope& envelope) {
  if (cell.messages_max == 0) {  // It stops for good.
    if (envelope.ask == 0) ++shard_.counters().dead_letters;
    return SendResult::kGone;
  }
  if (cell.marked(kDropOldest) && !refuses_dropped_ && DropOldest(cell, envelope)) {
    return SendResult::kAccepted;
  }
  ++shard_.counters().refused_full;
  return SendResult::kFull;
}

bool Mailboxes::DropOldest(Cell& cell, const Envelope& envelope) {
  if (envelope.bytes > cell.bytes_max) return false;
  while (!Fits(cell, envelope)) {
    if (!DropOneOfMailbox(cell)) return false;
  }
  return true;
}

bool Mailboxes::DropOneOfMailbox(Cell& cell) {
  Envelope* const oldest = TakeOldestOneWay(cell.mailbox);
  if (oldest == nullptr) return false;
  --cell.messages;
  cell.bytes -= oldest->bytes;
  Drop(cell, oldest);
  return true;
}

void Mailboxes::Drop(const Cell& cell, Envelope* oldest) {
  oldest->slot = cell.slot;
  oldest->generation = cell.generation;
  dropped_.Push(oldest);
}

void Mailboxes::RefuseDropped() {
  if (refuses_dropped_) return;
  refuses_dropped_ = true;
  while (!dropped_.empty()) {
    shard_.dead_letters().Refuse(
        dropped_.Pop(),
        absl::ResourceExhaustedError("dropped from a full mailbox for a newer message"),
        Certainty::kNotExecuted);
  }
  refuses_dropped_ = false;
}

absl::Status Mailboxes::WhyFull(const Cell& cell, const Envelope& envelope) const {
  if (envelope.bytes > cell.bytes_max) {
    return absl::ResourceExhaustedError(absl::StrCat("a message of ", envelope.bytes,
                                                     " bytes can never fit a mailbox of ",
                                                     cell.bytes_max, " bytes (mailbox_bytes_max)"));
  }
  return absl::ResourceExhaustedError(absl::StrCat("the mailbox is full: ", cell.messages, " of ",
                                                   cell.messages_max, " messages, ", cell.bytes,
                                                   " of ", cell.bytes_max, " bytes"));
}

// --- Messages from elsewhere. ---

Mailboxes::Arrival Mailboxes::Arrive(Cell& cell, Envelope* envelope, uint16_t from) {
  const Arrival arrival = TakeIn(cell, envelope, from);
  RefuseDropped();
  return arrival;
}

Mailboxes::Arrival Mailboxes::TakeIn(Cell& cell, Envelope* envelope, uint16_t from) {
  if (cell.messages_max == 0) return Arrival::kGone;
  if (envelope->bytes <= cell.bytes_max) {
    if (!cell.arrivals_wait() && TakesAtOnce(cell, *envelope)) {
      Enqueue(cell, envelope);
      return Arrival::kEnqueued;
    }
    bool may_wait = MayWait(cell, *envelope, from);
    while (!may_wait && cell.marked(kDropOldest) && DropOne(cell, from)) {
      may_wait = MayWait(cell, *envelope, from);
    }
    if (may_wait) {
      Wait(cell, envelope, from);
      return Arrival::kWaits;
    }
    if (!cell.arrivals_wait() && Fits(cell, *envelope)) {
      Enqueue(cell, envelope);
      return Arrival::kEnqueued;
    }
  }
  ++shard_.counters().refused_full;
  return Arrival::kFull;
}

bool Mailboxes::TakesAtOnce(Cell& cell, const Envelope& envelope) {
  // Nothing would leave an empty mailbox, and so call for what waits for it.
  if (cell.messages == 0) return true;
  return cell.marked(kDropOldest) && (Fits(cell, envelope) || DropOldest(cell, envelope));
}

// For a message that may not even wait: the oldest one-way message of those that are in the mailbox
// or wait for it from the same shard makes room. False if there is none.
bool Mailboxes::DropOne(Cell& cell, uint16_t from) {
  Arrivals::Source* const source =
      cell.arrivals_wait() ? cell.extra()->arrivals.Find(from) : nullptr;
  if (source == nullptr) return false;
  if (DropOneOfMailbox(cell)) {
    AdmitWaiting(cell);
    return true;
  }
  Envelope* const oldest = TakeOldestOneWay(source->queue);
  if (oldest == nullptr) return false;
  oldest->flags &= static_cast<uint16_t>(~kWaitsForRoom);
  Discharge(cell, *source, *oldest);
  RemoveIfEmpty(cell, *source);
  Drop(cell, oldest);
  return true;
}

bool Mailboxes::MayWait(const Cell& cell, const Envelope& envelope, uint16_t from) const {
  // Whoever wants a mailbox of fewer messages than a visit handles wants them refused.
  if (cell.messages_max < shard_.limits().turn_messages_per_actor_max) return false;
  // The inbox keeps other threads to its bounds, in whose charge this stays.
  if (from == kNoShard) return true;
  const Arrivals::Source* const source =
      cell.arrivals_wait() ? cell.extra()->arrivals.Find(from) : nullptr;
  return source == nullptr ||
         (source->messages < cell.messages_max && source->bytes + envelope.bytes <= cell.bytes_max);
}

bool Mailboxes::ArriveBehind(Cell& cell, Envelope* event, uint16_t from) {
  Arrivals::Source* const source = cell.extra()->arrivals.Find(from);
  if (source == nullptr) return false;
  source->queue.Push(event);
  return true;
}

void Mailboxes::AdmitWaiting(Cell& cell) {
  Arrivals& arrivals = cell.Extra().arrivals;
  uint32_t kept = 0;  // Places of the reserve that are left to the actor's own shard.
  while (cell.arrivals_wait()) {
    Arrivals::Source* const source = arrivals.Turn();
    if (source == nullptr) {
      arrivals.EndTurn();
      if (cell.messages >= cell.messages_max - Reserve(cell)) ++kept;
      continue;
    }
    const Envelope& first = *source->queue.head;
    const bool counts = (first.flags & kNeedsCheck) == 0;
    if (counts && cell.messages > 0 && !BelowReserve(cell, first) &&
        (!Fits(cell, first) || cell.messages + kept >= cell.messages_max)) {
      return;
    }
    if (counts) arrivals.EndTurn();
    Envelope* const envelope = PopWaiting(cell, *source);
    if (counts) {
      Enqueue(cell, envelope);
    } else if (envelope != nullptr) {
      shard_.EnqueueEvent(cell, envelope);
    }
  }
}

Envelope* Mailboxes::TakeWaiting(Cell& cell) {
  while (cell.arrivals_wait()) {
    Arrivals& arrivals = cell.extra()->arrivals;
    if (arrivals.Turn() == nullptr) arrivals.EndTurn();
    if (Envelope* const envelope = PopWaiting(cell, *arrivals.Turn())) return envelope;
  }
  return nullptr;
}

void Mailboxes::ArriveAgain(Cell& cell) {
  EnvelopeQueue came = cell.mailbox.TakeAll();
  cell.messages = cell.bytes = 0;
  Sweep(came);
  if (cell.extra() != nullptr) cell.extra()->withdrawn = 0;
  while (Envelope* const envelope = TakeWaiting(cell)) came.Push(envelope);
  EnvelopeQueue refused;
  while (!came.empty()) {
    Envelope* const envelope = came.Pop();
    if ((envelope->flags & kEvent) != 0) {
      shard_.EnqueueEvent(cell, envelope);
    } else if (!ArriveOnceMore(cell, envelope)) {
      refused.Push(envelope);
    }
  }
  // Last, since their destructors may do what a handler may.
  while (!refused.empty()) {
    Envelope* const envelope = refused.Pop();
    shard_.dead_letters().Refuse(envelope, WhyFull(cell, *envelope), Certainty::kNotExecuted);
  }
}

bool Mailboxes::ArriveOnceMore(Cell& cell, Envelope* envelope) {
  const uint16_t from = envelope->sender_shard;
  if (from == shard_.index()) return shard_.Enqueue(cell, envelope) == SendResult::kAccepted;
  if (Admits(cell, *envelope)) {
    Enqueue(cell, envelope);
    return true;
  }
  const uint32_t bytes = envelope->bytes;
  const Arrival arrival = Arrive(cell, envelope, from);
  // Whoever sent it is charged again.
  if (arrival == Arrival::kWaits) Discharge(from, -int64_t{bytes});
  return arrival == Arrival::kWaits || arrival == Arrival::kEnqueued;
}

void Mailboxes::Enqueue(Cell& cell, Envelope* envelope) {
  ++cell.messages;
  cell.bytes += envelope->bytes;
  shard_.EnqueueEvent(cell, envelope);
}

void Mailboxes::Wait(Cell& cell, Envelope* envelope, uint16_t from) {
  Arrivals& arrivals = cell.Extra().arrivals;
  Arrivals::Source* source = arrivals.Find(from);
  if (source == nullptr) source = &arrivals.Add(from);
  cell.stall |= kArrivals;
  envelope->flags |= kWaitsForRoom;
  source->queue.Push(envelope);
  ++source->messages;
  source->bytes += envelope->bytes;
  const bool many = source->messages > cell.messages_max / 8 || source->bytes > cell.bytes_max / 8;
  // Who wants the newest has its oldest dropped here, and not the newest refused there.
  if (many && !cell.marked(kDropOldest)) HoldBack(cell, *source, true);
}

// Null for a withdrawn request. `source` is gone if it was its last.
Envelope* Mailboxes::PopWaiting(Cell& cell, Arrivals::Source& source) {
  Envelope* envelope = source.queue.Pop();
  envelope->flags &= static_cast<uint16_t>(~kWaitsForRoom);
  if ((envelope->flags & kNeedsCheck) == 0) {
    Discharge(cell, source, *envelope);
  } else if ((envelope->flags & kCancelled) != 0) {
    --source.withdrawn;
    ++shard_.counters().cancelled;
    shard_.Recycle(std::exchange(envelope, nullptr));
  }
  RemoveIfEmpty(cell, source);
  return envelope;
}

void Mailboxes::RemoveIfEmpty(Cell& cell, Arrivals::Source& source) {
  if (!source.queue.empty()) return;
  Arrivals& arrivals = cell.extra()->arrivals;
  arrivals.Remove(source);
  if (arrivals.empty()) cell.stall &= static_cast<uint8_t>(~kArrivals);
}

void Mailboxes::Discharge(Cell& cell, Arrivals::Source& source, const Envelope& envelope) {
  --source.messages;
  source.bytes -= envelope.bytes;
  Discharge(source.shard, envelope.bytes);
  if (source.messages <= cell.messages_max / 16 && source.bytes <= cell.bytes_max / 16) {
    HoldBack(cell, source, false);
  }
}

void Mailboxes::Discharge(uint16_t from, int64_t bytes) {
  if (from == kNoShard) {
    shard_.inbox().Discharge(bytes);
  } else {
    shard_.inbound().Discharge(from, Charge::kMessage, bytes);
  }
}

void Mailboxes::HoldBack(const Cell& cell, Arrivals::Source& source, bool holds_back) {
  // Threads that are no shard's have their inbox's bounds.
  if (source.shard == kNoShard || source.holds_back == holds_back) return;
  source.holds_back = holds_back;
  SendControlTo(shard_, source.shard,
                HoldBackOrder{cell.generation, cell.slot, shard_.index(), holds_back});
}

// --- Withdrawn requests. ---

void Mailboxes::Withdraw(Cell& cell, Envelope& request) {
  // Few are left where they are; when they are the most, the queue is gone through once.
  constexpr uint32_t kFew = 64;
  // First of all: the destructor of the payload may do what a handler may.
  shard_.dead_letters().MakeWithdrawn(request);
  if ((request.flags & kWaitsForRoom) == 0) {
    --cell.messages;
    cell.bytes -= request.bytes;
    uint32_t& withdrawn = cell.Extra().withdrawn;
    if (++withdrawn > kFew && withdrawn > cell.messages) {
      EnvelopeQueue all = cell.mailbox.TakeAll();
      withdrawn -= Sweep(all);
      cell.mailbox.PutBack(all);
    }
  } else {
    Arrivals::Source& source = *cell.extra()->arrivals.Find(request.sender_shard);
    Discharge(cell, source, request);
    if (++source.withdrawn > kFew && source.withdrawn > source.messages) {
      source.withdrawn -= Sweep(source.queue);
      RemoveIfEmpty(cell, source);
    }
  }
  if (cell.arrivals_wait()) AdmitWaiting(cell);
}

void Mailboxes::NoteWithdrawnGone(Cell& cell) {
  if (cell.extra() != nullptr && cell.extra()->withdrawn > 0) --cell.extra()->withdrawn;
}

// Returns how many it took out. Each of them paid for two looks when it was withdrawn.
uint32_t Mailboxes::Sweep(EnvelopeQueue& queue) {
  EnvelopeQueue kept;
  uint32_t swept = 0;
  while (!queue.empty()) {
    Envelope* const envelope = queue.Pop();
    if (envelope->flags & kCancelled) {
      ++swept;
      ++shard_.counters().cancelled;
      shard_.Recycle(envelope);
    } else {
      kept.Push(envelope);
    }
  }
  queue = kept;
  return swept;
}

}  // namespace troupe::internal
