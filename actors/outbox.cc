#include "troupe/actors/outbox.h"

namespace troupe::internal {

void Outbox::Flush(EnvelopePool& pool) {
  unflushed_ = 0;
  bool pushed = !control_.empty() && FlushControl();
  pushed |= !data_.empty() && FlushData(pool);
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

bool Outbox::FlushData(EnvelopePool& pool) {
  constexpr size_t kBatch = 32;
  RingPlace places[kBatch];
  Envelope* batch[kBatch];
  bool pushed_any = false;
  while (!data_.empty()) {
    size_t count = 0;
    for (Envelope* e = data_.head; e != nullptr && count < kBatch; e = e->next) {
      batch[count] = e;
      if (RingPlace::Copies(*e)) {
        places[count].CopyFrom(*e);
      } else {
        places[count].envelope = e;
      }
      ++count;
    }
    Envelope* const after = batch[count - 1]->next;
    const size_t pushed = link_.messages.Push(places, count);
    // What was not copied belongs to the receiver now and is not read again.
    for (size_t i = 0; i < pushed; ++i) {
      if (places[i].envelope == nullptr) pool.Free(batch[i]);
    }
    messages_ -= static_cast<uint32_t>(pushed);
    pushed_any |= pushed > 0;
    data_.head = pushed < count ? batch[pushed] : after;
    if (pushed < count) break;
  }
  if (data_.head == nullptr) data_.tail = nullptr;
  return pushed_any;
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
