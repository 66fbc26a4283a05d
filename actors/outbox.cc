#include "troupe/actors/outbox.h"

namespace troupe::internal {

void Outbox::Flush(EnvelopePool& pool) {
  if (queue_.empty()) return;
  constexpr size_t kBatch = 32;
  RingPlace places[kBatch];
  Envelope* batch[kBatch];
  bool pushed_any = false;
  while (!queue_.empty()) {
    size_t count = 0;
    for (Envelope* e = queue_.head; e != nullptr && count < kBatch; e = e->next) {
      batch[count] = e;
      if (RingPlace::Copies(*e)) {
        places[count].CopyFrom(*e);
      } else {
        places[count].envelope = e;
      }
      ++count;
    }
    Envelope* const after = batch[count - 1]->next;
    const size_t pushed = link_->messages.Push(places, count);
    // What was not copied belongs to the other shard now and is not read again.
    for (size_t i = 0; i < pushed; ++i) {
      if (places[i].envelope == nullptr) pool.Free(batch[i]);
    }
    messages_ -= static_cast<uint32_t>(pushed);
    pushed_any |= pushed > 0;
    queue_.head = pushed < count ? batch[pushed] : after;
    if (pushed < count) break;
  }
  if (queue_.head == nullptr) queue_.tail = nullptr;
  if (pushed_any) waker_->Publish();
}

void Outbox::FlushReturns() {
  if (returns_ == nullptr) return;
  if (link_->returns.Push(&returns_, 1) == 0) return;
  returns_ = nullptr;
  return_count_ = 0;
}

}  // namespace troupe::internal
