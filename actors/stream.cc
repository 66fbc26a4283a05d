#include "troupe/actors/stream.h"

#include <utility>

#include "troupe/actors/router.h"
#include "troupe/actors/runtime.h"

namespace troupe::internal {
namespace {

// How far the writer of a stream may be ahead when it begins.
uint32_t InitialCredit(const Shard& shard, const Envelope& request) {
  return (request.flags & kHasStreamCredit) != 0 ? request.credit
                                                 : shard.limits().stream_credit_items;
}

struct CreditGrant {
  uint64_t ask;
  uint64_t generation;
  uint32_t slot;
  uint32_t items;
  uint16_t reader_shard;

  void operator()(Shard& shard) {
    const auto it = shard.sinks().find({reader_shard, ask});
    if (it != shard.sinks().end()) {
      it->second->Grant(items);
      return;
    }
    // Its handler may not have begun.
    const Cell* const cell = shard.Find(slot, generation);
    Envelope* const request =
        cell != nullptr ? FindRequest(cell->mailbox, reader_shard, ask) : nullptr;
    if (request == nullptr) return;
    request->credit = InitialCredit(shard, *request) + items;
    request->flags |= kHasStreamCredit;
  }
};

}  // namespace

void SinkState::Grant(uint32_t items) {
  credit_ += items;
  while (first_ != nullptr && TrySpend()) {
    SinkWaiter& waiter = *first_;
    Leave(waiter);
    waiter.has_room_ = true;
    Shard::Current()->Resume(waiter);
  }
}

void SinkState::Wait(SinkWaiter& waiter) {
  waiter.waits_ = true;
  waiter.prev_waiter_ = last_;
  (last_ != nullptr ? last_->next_waiter_ : first_) = &waiter;
  last_ = &waiter;
}

void SinkState::Leave(SinkWaiter& waiter) {
  if (std::exchange(waiter.has_room_, false)) Grant(1);
  if (!std::exchange(waiter.waits_, false)) return;
  SinkWaiter* const next = waiter.next_waiter_;
  SinkWaiter* const prev = waiter.prev_waiter_;
  (next != nullptr ? next->prev_waiter_ : last_) = prev;
  (prev != nullptr ? prev->next_waiter_ : first_) = next;
}

SinkState* OpenSink(Envelope& envelope) {
  Shard& shard = *Shard::Current();
  auto* const sink =
      new SinkState(envelope.sender_shard, envelope.ask, InitialCredit(shard, envelope));
  shard.sinks()[{envelope.sender_shard, envelope.ask}] = sink;
  return sink;
}

void CloseSink(Envelope& envelope) {
  Shard& shard = *Shard::Current();
  const auto it = shard.sinks().find({envelope.sender_shard, envelope.ask});
  if (it == shard.sinks().end()) return;
  delete it->second;
  shard.sinks().erase(it);
}

void GrantCredit(const AnyRef& target, uint64_t ask, uint32_t items) {
  Shard& shard = *Shard::Current();
  if (target.incarnation() != shard.incarnation()) {
    if (Router* const router = shard.runtime().router()) {
      router->Credit(target, shard.index(), ask, items);
    }
    return;
  }
  SendControlTo(shard, target.shard(),
                CreditGrant{ask, target.generation(), target.slot(), items, shard.index()});
}

absl::Status CancelledAwait() { return absl::CancelledError("the handler was cancelled"); }

}  // namespace troupe::internal
