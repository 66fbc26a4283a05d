#include "troupe/actors/mail/inbound_links.h"

#include <algorithm>
#include <iterator>

#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {

void InboundLinks::Look(size_t from) {
  if (waits_[from]) return;
  // Not made yet, or marked for messages that the turn before saw and took already.
  const ShardLink* const link = shard_.runtime().links().Find(from, shard_.index());
  if (link == nullptr || (link->messages.Empty() && link->control.Empty())) return;
  waits_[from] = true;
  waiting_.push_back(static_cast<uint16_t>(from));
}

void InboundLinks::Drain(size_t messages_max) {
  Collect();
  if (waiting_.empty()) return;
  // Small enough to be fair, large enough to be worth a look.
  constexpr size_t kLeastShare = 16;
  const size_t share =
      std::min(messages_max, std::max(messages_max / waiting_.size(), kLeastShare));
  const size_t served = std::min(waiting_.size(), std::max<size_t>(messages_max / share, 1));
  served_.clear();
  for (size_t i = 0; i < served; ++i) {
    const uint16_t from = waiting_[i];
    if (DrainLink(from, share)) {
      served_.push_back(from);
    } else {
      waits_[from] = false;
    }
  }
  // Those that were not served are the first next time; of the others, the second.
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(served));
  if (served_.size() > 1) std::rotate(served_.begin(), served_.begin() + 1, served_.end());
  waiting_.insert(waiting_.end(), served_.begin(), served_.end());
}

void InboundLinks::Discharge(uint16_t from, Charge charge, int64_t bytes) {
  std::atomic<uint64_t>& taken =
      shard_.runtime().links().Find(from, shard_.index())->taken[static_cast<int>(charge)];
  taken.store(taken.load(std::memory_order_relaxed) + static_cast<uint64_t>(bytes),
              std::memory_order_relaxed);
}

bool InboundLinks::DrainLink(uint16_t from, size_t messages_max) {
  ShardLink& link = *shard_.runtime().links().Find(from, shard_.index());
  Envelope* control[ShardLink::kControlRing];
  const size_t control_count = link.control.Pop(control, std::size(control));
  for (size_t i = 0; i < control_count; ++i) shard_.Deliver(control[i], from);
  int64_t bytes[2] = {};
  const auto deliver = [&](const RingPlace& place) {
    Envelope* const envelope = Received(place);
    const bool is_reply = (envelope->flags & kUnbounded) != 0;
    const uint32_t size = envelope->bytes;
    if (!shard_.Deliver(envelope, from)) bytes[is_reply ? 1 : 0] += size;
  };
  if (link.messages.Size() <= messages_max) {
    link.messages.ConsumeAll(deliver);
  } else {
    link.messages.ConsumeSome(messages_max, deliver);
  }
  for (const Charge charge : {Charge::kMessage, Charge::kReply}) {
    const int64_t taken = bytes[static_cast<int>(charge)];
    if (taken != 0) Discharge(from, charge, taken);
  }
  // Acquire and release: pairs with the exchange in Outbox::AskForRoom().
  if (link.sender_waits.exchange(0, std::memory_order_acq_rel) != 0) {
    shard_.runtime().shard(from).loop().waker().Publish();
  }
  return !link.messages.Empty() || !link.control.Empty();
}

Envelope* InboundLinks::Received(const RingPlace& place) {
  if (place.envelope != nullptr) return place.envelope;
  Envelope* const envelope = shard_.TakeEnvelope();
  place.CopyTo(*envelope);
  return envelope;
}

}  // namespace troupe::internal
