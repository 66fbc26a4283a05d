#include "troupe/actors/asks/sink_state.h"

#include <utility>

#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/coroutines/activation.h"
#include "troupe/actors/mail/outboxes.h"

namespace troupe::internal {

uint32_t InitialCredit(const Shard& shard, const Envelope& request) {
  return (request.flags & kHasStreamCredit) != 0 ? request.credit
                                                 : shard.limits().stream_credit_items;
}

void SinkState::OnClosed() {
  closed_ = true;
  while (first_ != nullptr) {
    SinkWaiter& waiter = *first_;
    Leave(waiter);
    Shard::Current()->activations().Resume(waiter);
  }
  const SharedState<SinkState> own(this);
}

void SinkState::Grant(uint32_t items) {
  credit_ += items;
  while (first_ != nullptr && TrySpend()) {
    SinkWaiter& waiter = *first_;
    Leave(waiter);
    waiter.has_room_ = true;
    Shard::Current()->activations().Resume(waiter);
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

void DeliverItem(Shard& shard, uint64_t ask, void* value) {
  PendingAsk* const reader = shard.asks().Find(ask);
  if (reader == nullptr) return static_cast<void>(++shard.counters().late_replies);
  shard.activations().RunCode(reader->asker(), [&] { reader->OnItem(value); });
}

absl::Status StreamHasEnded() {
  return absl::FailedPreconditionError("the stream has ended: its handler has answered");
}

absl::Status SinkMovedFrom() {
  return absl::FailedPreconditionError("a write to a Sink that was moved from");
}

bool WayIsFree(uint16_t shard) {
  HoldIfFull(shard);
  const Cell* const cell = Shard::Current()->running().cell;
  return cell == nullptr || (cell->stall & kHeld) == 0;
}

absl::Status BeginItem(uint16_t shard, size_t bytes) {
  return Shard::Current()->outboxes().ReplyRoom(shard, bytes);
}

void HoldIfFull(uint16_t shard) {
  Shard& here = *Shard::Current();
  if (shard != here.index()) here.outboxes().HoldIfFull(shard);
}

SharedState<SinkState> OpenSink(Envelope& envelope) {
  Shard& shard = *Shard::Current();
  auto* const sink =
      new SinkState(shard, envelope.sender_shard, envelope.ask, InitialCredit(shard, envelope));
  // Two hold it: the activation, until OnClosed(), and the handler's Sink.
  SharedState<SinkState> shared(sink);
  shard.activations().Current().server = sink;
  shared.Share();
  if (InboundRequest* const request = shard.asks().inbound().Of(envelope)) request->server = sink;
  return shared;
}

void CloseSink(Envelope& envelope) {
  Shard& shard = *Shard::Current();
  RequestServer* const sink = std::exchange(shard.activations().Current().server, nullptr);
  InboundRequest* const request = shard.asks().inbound().Of(envelope);
  if (request != nullptr && request->server == sink) request->server = nullptr;
  if (sink != nullptr) sink->OnClosed();
}

}  // namespace troupe::internal
