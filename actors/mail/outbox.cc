#include "troupe/actors/mail/outbox.h"

#include <utility>

#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/shard/shard.h"

namespace troupe::internal {
namespace {

// Stands for a reply where the ask of a message would be.
constexpr uint64_t kNoMessage = ~uint64_t{0};

}  // namespace

void Outbox::Flush(Shard& shard) {
  unflushed_ = 0;
  bool pushed = !control_.empty() && FlushControl();
  pushed |= !data_.empty() && FlushData(shard);
  if (!pushed) return;
  senders_.Mark(from_);
  waker_.Publish();
}

bool Outbox::FlushControl() {
  bool pushed = false;
  while (!control_.empty()) {
    // Read before it is handed over: then it belongs to the receiver.
    Envelope* const next = control_.head->next;
    if (link_.control.Push(&control_.head, 1) == 0) break;
    pushed = true;
    --control_count_;
    control_.head = next;
    if (next == nullptr) control_.tail = nullptr;
  }
  return pushed;
}

bool Outbox::FlushData(Shard& shard) {
  constexpr size_t kBatch = 32;
  RingPlace places[kBatch];
  Envelope* batch[kBatch];
  uint64_t asks[kBatch];
  bool pushed_any = false;
  while (!data_.empty()) {
    if (data_.head->flags & kCancelled) [[unlikely]] {
      --withdrawn_;
      shard.Recycle(data_.Pop());
      continue;
    }
    size_t count = 0;
    Envelope* after = data_.head;
    for (; after != nullptr && count < kBatch && (after->flags & kCancelled) == 0;
         after = after->next, ++count) {
      batch[count] = after;
      asks[count] = (after->flags & kUnbounded) == 0 ? after->ask : kNoMessage;
      if (RingPlace::Copies(*after)) {
        places[count].CopyFrom(*after);
      } else {
        places[count].envelope = after;
      }
    }
    const size_t pushed = link_.messages.Push(places, count);
    // What was not copied belongs to the receiver now and is not read again.
    for (size_t i = 0; i < pushed; ++i) {
      if (asks[i] != kNoMessage) --messages_;
      if (asks[i] != kNoMessage && asks[i] != 0) shard.asks().NoteSent(asks[i]);
      if (places[i].envelope == nullptr) shard.envelopes().Free(batch[i]);
    }
    pushed_any |= pushed > 0;
    data_.head = pushed < count ? batch[pushed] : after;
    if (pushed < count) break;
  }
  if (data_.head == nullptr) data_.tail = nullptr;
  return pushed_any;
}

void Outbox::Withdraw(Envelope& request, Shard& shard) {
  // Few are left where they are; when they are the most, all are gone through once.
  constexpr uint32_t kFew = 64;
  --messages_;
  sent_[static_cast<int>(Charge::kMessage)] -= request.bytes;
  shard.dead_letters().MakeWithdrawn(request);
  if (++withdrawn_ > kFew && withdrawn_ > messages_) Sweep(shard);
}

void Outbox::Sweep(Shard& shard) {
  EnvelopeQueue all = std::exchange(data_, {});
  while (!all.empty()) {
    Envelope* const envelope = all.Pop();
    if (envelope->flags & kCancelled) {
      shard.Recycle(envelope);
    } else {
      data_.Push(envelope);
    }
  }
  withdrawn_ = 0;
}

bool Outbox::AskForRoom() {
  // Release and acquire: pairs with the exchange of the receiver, which has freed places before it.
  // If that one came first, the places are seen free here; else it sees this and wakes the shard.
  link_.sender_waits.exchange(1, std::memory_order_acq_rel);
  if (!data_.empty() && !link_.messages.Full()) return true;
  if (!control_.empty() && !link_.control.Full()) return true;
  return holds_any() && !RepliesFull();
}

void Outbox::FlushReturns() {
  if (returns_ == nullptr) return;
  if (link_.returns.Push(&returns_, 1) == 0) return;
  returns_ = nullptr;
  return_count_ = 0;
}

}  // namespace troupe::internal
