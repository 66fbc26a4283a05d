#include "troupe/actors/inbound_links.h"

#include <algorithm>
#include <iterator>

#include "troupe/actors/runtime.h"
#include "troupe/actors/shard.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {

void InboundLinks::Drain(size_t messages_max) {
  senders_.Take([this](size_t shard) {
    if (waits_[shard]) return;
    waits_[shard] = true;
    waiting_.push_back(static_cast<uint16_t>(shard));
  });
  if (waiting_.empty()) return;
  // Small enough to be fair, large enough to be worth a look.
  constexpr size_t kLeastShare = 16;
  const size_t share = std::max(messages_max / waiting_.size(), kLeastShare);
  const size_t served = std::min(waiting_.size(), messages_max / kLeastShare + 1);
  std::vector<uint16_t> more;
  for (size_t i = 0; i < served; ++i) {
    const uint16_t from = waiting_[i];
    if (DrainLink(from, share)) {
      more.push_back(from);
    } else {
      waits_[from] = false;
    }
  }
  // Those that were not served are the first next time; of the others, the second.
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(served));
  if (more.size() > 1) std::rotate(more.begin(), more.begin() + 1, more.end());
  waiting_.insert(waiting_.end(), more.begin(), more.end());
}

bool InboundLinks::DrainLink(uint16_t from, size_t messages_max) {
  ShardLink& link = *shard_.runtime().links().Find(from, shard_.index());
  Envelope* control[ShardLink::kControlRing];
  const size_t control_count = link.control.Pop(control, std::size(control));
  for (size_t i = 0; i < control_count; ++i) shard_.Deliver(control[i]);
  uint64_t bytes[2] = {};
  const auto deliver = [&](const RingPlace& place) {
    Envelope* const envelope = Received(place);
    const bool is_reply = (envelope->flags & kUnbounded) != 0;
    bytes[is_reply ? 1 : 0] += envelope->bytes;
    shard_.Deliver(envelope);
  };
  if (link.messages.Size() <= messages_max) {
    link.messages.ConsumeAll(deliver);
  } else {
    link.messages.ConsumeSome(messages_max, deliver);
  }
  for (int i = 0; i < 2; ++i) {
    if (bytes[i] == 0) continue;
    link.taken[i].store(link.taken[i].load(std::memory_order_relaxed) + bytes[i],
                        std::memory_order_relaxed);
  }
  // Acquire and release: pairs with the exchange in Outbox::AskForRoom().
  if (link.sender_waits.exchange(0, std::memory_order_acq_rel) != 0) {
    shard_.runtime().shard(from).loop().waker().Publish();
  }
  return !link.messages.Empty() || !link.control.Empty();
}

Envelope* InboundLinks::Received(const RingPlace& place) {
  if (place.envelope != nullptr) return place.envelope;
  Envelope* const envelope = shard_.NewEnvelope(nullptr);
  place.CopyTo(*envelope);
  return envelope;
}

}  // namespace troupe::internal
