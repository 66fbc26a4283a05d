#ifndef TROUPE_ACTORS_OUTBOX_H_
#define TROUPE_ACTORS_OUTBOX_H_

#include <cstddef>
#include <cstdint>

#include "troupe/actors/envelope.h"
#include "troupe/base/limits.h"
#include "troupe/loop/lockfree.h"
#include "troupe/loop/waker.h"

namespace troupe::internal {

// The queues from one shard to another: messages, and envelopes on their way home.
struct ShardLink {
  explicit ShardLink(size_t ring_messages)
      : messages(ring_messages), returns(kReturnChains) {}

  static constexpr size_t kReturnChains = 1024;

  SpscRing<Envelope*> messages;
  SpscRing<Envelope*> returns;  // Heads of chains through `next`.
};

// What one shard has for another and could not hand over yet.
//
// Thread: the sending shard's.
// Bounds: outbox_messages_max and outbox_bytes_max; what the runtime itself sends is not refused,
//         as it is bounded by what it reports on.
class Outbox {
 public:
  Outbox() = default;

  void Connect(ShardLink* link, Waker* waker, const Limits& limits) {
    link_ = link;
    waker_ = waker;
    messages_max_ = limits.outbox_messages_max;
    bytes_max_ = limits.outbox_bytes_max;
  }

  bool Full(uint32_t bytes) const {
    return messages_ >= messages_max_ || bytes_ + bytes > bytes_max_;
  }

  void Push(Envelope* envelope) {
    ++messages_;
    bytes_ += envelope->bytes;
    queue_.Push(envelope);
  }

  // An envelope that the other shard's pool owns; its payload is destroyed.
  void Return(Envelope* envelope) {
    envelope->next = returns_;
    returns_ = envelope;
    if (++return_count_ >= kReturnBatch) FlushReturns();
  }

  // Moves what fits into the rings and wakes the other shard if it sleeps.
  void Flush();
  void FlushReturns();

  bool empty() const { return queue_.empty(); }
  bool returns_empty() const { return returns_ == nullptr; }

 private:
  static constexpr uint32_t kReturnBatch = 64;

  ShardLink* link_ = nullptr;
  Waker* waker_ = nullptr;
  EnvelopeQueue queue_;
  uint64_t bytes_ = 0;
  uint64_t bytes_max_ = 0;
  uint32_t messages_ = 0;
  uint32_t messages_max_ = 0;
  Envelope* returns_ = nullptr;
  uint32_t return_count_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_OUTBOX_H_
