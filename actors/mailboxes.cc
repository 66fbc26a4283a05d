#include "troupe/actors/mailboxes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/activations.h"
#include "troupe/actors/ask_table.h"
#include "troupe/actors/cell_extra.h"
#include "troupe/actors/dead_letters.h"
#include "troupe/actors/shard.h"

namespace troupe::internal {
namespace {

bool Fits(const Cell& cell, const Envelope& envelope) {
  return cell.messages < cell.messages_max &&
         uint64_t{cell.bytes} + envelope.bytes <= cell.bytes_max;
}

// Takes the oldest one-way message out of the mailbox; null when there is none among its first.
Envelope* TakeOldestOneWay(EnvelopeQueue& mailbox) {
  constexpr int kLooksMax = 64;
  Envelope* before = nullptr;
  Envelope* each = mailbox.head;
  for (int i = 0; each != nullptr && i < kLooksMax; ++i) {
    if ((each->flags & kNeedsCheck) == 0 && each->ask == 0) {
      (before != nullptr ? before->next : mailbox.head) = each->next;
      if (mailbox.tail == each) mailbox.tail = before;
      return each;
    }
    before = std::exchange(each, each->next);
  }
  return nullptr;
}

// A request whose asker gave up: only its envelope is still in the mailbox.
constexpr MessageType kWithdrawnType = {.destroy = [](Envelope&) {}, .name = "a withdrawn request"};

}  // namespace

SendResult Mailboxes::MakeRoom(Cell& cell, const Envelope& envelope) {
  if (cell.messages_max == 0) return SendResult::kGone;  // It stops for good.
  if (cell.marked(kDropOldest) && DropOldest(cell, envelope)) return SendResult::kAccepted;
  const uint64_t bytes = uint64_t{cell.bytes} + envelope.bytes;
  const bool within_reserve =
      cell.messages < cell.messages_max + cell.messages_max / 8 &&
      bytes <= uint64_t{cell.bytes_max} + cell.bytes_max / 8 && envelope.bytes <= cell.bytes_max;
  if (within_reserve && cell.mailbox.tail != nullptr &&
      cell.Extra().shares.Admit(envelope.sender_shard, cell.mailbox.tail->sender_shard,
                                cell.messages, cell.messages_max)) {
    return SendResult::kAccepted;
  }
  ++shard_.counters().refused_full;
  return SendResult::kFull;
}

bool Mailboxes::DropOldest(Cell& cell, const Envelope& envelope) {
  if (envelope.bytes > cell.bytes_max) return false;
  while (!Fits(cell, envelope)) {
    Envelope* const oldest = TakeOldestOneWay(cell.mailbox);
    if (oldest == nullptr) return false;
    --cell.messages;
    cell.bytes -= oldest->bytes;
    oldest->slot = cell.slot;
    oldest->generation = cell.generation;
    shard_.dead_letters().Refuse(
        oldest, absl::ResourceExhaustedError("dropped from a full mailbox for a newer message"),
        Certainty::kNotExecuted);
  }
  return true;
}

absl::Status Mailboxes::WhyFull(const Cell& cell, const Envelope& envelope) const {
  if (envelope.bytes > cell.bytes_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a message of ", envelope.bytes, " bytes can never fit a mailbox of ",
                     cell.bytes_max, " bytes (mailbox_bytes_max)"));
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "the mailbox is full: ", cell.messages, " of ", cell.messages_max, " messages, ", cell.bytes,
      " of ", cell.bytes_max, " bytes"));
}

void Mailboxes::Withdraw(Cell& cell, Envelope& request) {
  --cell.messages;
  cell.bytes -= request.bytes;
  {
    Activations::Scope scope(shard_, nullptr, nullptr);
    request.type->destroy(request);
  }
  request.type = &kWithdrawnType;
  request.flags |= kCancelled;
  // Few are left where they are; when they are the most, the mailbox is gone through once.
  constexpr uint32_t kFew = 64;
  const uint32_t withdrawn = ++cell.Extra().withdrawn;
  shard_.asks().inbound().Remove(request);
  if (withdrawn > kFew && withdrawn > cell.messages) Sweep(cell);
}

void Mailboxes::NoteWithdrawnGone(Cell& cell) {
  if (cell.extra != nullptr && cell.extra->withdrawn > 0) --cell.extra->withdrawn;
}

void Mailboxes::Sweep(Cell& cell) {
  EnvelopeQueue kept;
  while (!cell.mailbox.empty()) {
    Envelope* const envelope = cell.mailbox.Pop();
    if (envelope->flags & kCancelled) {
      ++shard_.counters().cancelled;
      shard_.Recycle(envelope);
    } else {
      kept.Push(envelope);
    }
  }
  cell.mailbox = kept;
  cell.extra->withdrawn = 0;
}

}  // namespace troupe::internal
