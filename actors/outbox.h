#ifndef TROUPE_ACTORS_OUTBOX_H_
#define TROUPE_ACTORS_OUTBOX_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "troupe/actors/envelope.h"
#include "troupe/actors/envelope_pool.h"
#include "troupe/base/limits.h"
#include "troupe/loop/lockfree.h"
#include "troupe/loop/waker.h"

namespace troupe::internal {

// One place of the ring between two shards: a small message itself, or a pointer to an envelope.
// A message that is copied crosses in two cache lines, and its envelope stays at home.
struct alignas(64) RingPlace {
  Envelope* envelope;  // Null: the copied message is in `bytes`.
  char bytes[sizeof(Envelope) - sizeof(Envelope*)];

  // Whether `envelope` may be copied.
  static bool Copies(const Envelope& envelope) {
    return envelope.type->copy_bytes && (envelope.flags & kAttachments) == 0;
  }
  // All of `from` but `next`.
  void CopyFrom(const Envelope& from) {
    envelope = nullptr;
    std::memcpy(bytes, reinterpret_cast<const char*>(&from) + sizeof(Envelope*), sizeof(bytes));
  }
  // `to` keeps its home.
  void CopyTo(Envelope& to) const {
    const uint16_t home = to.home;
    std::memcpy(reinterpret_cast<char*>(&to) + sizeof(Envelope*), bytes, sizeof(bytes));
    to.home = home;
  }
};
static_assert(sizeof(RingPlace) == sizeof(Envelope));
static_assert(offsetof(Envelope, next) == 0);

// The queues from one shard to another: messages, and envelopes on their way home.
struct ShardLink {
  explicit ShardLink(size_t ring_messages) : messages(ring_messages), returns(kReturnChains) {}

  static constexpr size_t kReturnChains = 1024;

  // The receiver has taken messages of `bytes` off the ring. Thread: the receiver's.
  void NoteTaken(uint64_t bytes) {
    // Relaxed: a count, which orders nothing.
    bytes_taken.store(bytes_taken.load(std::memory_order_relaxed) + bytes,
                      std::memory_order_relaxed);
  }

  // All that were ever taken off `messages`.
  std::atomic<uint64_t> bytes_taken{0};
  SpscRing<RingPlace> messages;
  SpscRing<Envelope*> returns;  // Heads of chains through `next`.
};

// What one shard has for another and could not hand over yet.
//
// Thread: the sending shard's.
// Bounds: outbox_messages_max here; outbox_bytes_max here and in the ring together, since a ring
//         is bounded in messages only and a receiver may be busy for long; what the runtime itself
//         sends is not refused, as it is bounded by what it reports on.
class Outbox {
 public:
  Outbox() = default;

  void Connect(ShardLink* link, Waker* waker, const Limits& limits) {
    link_ = link;
    waker_ = waker;
    messages_max_ = limits.outbox_messages_max;
    bytes_max_ = limits.outbox_bytes_max;
  }

  bool Full(uint32_t bytes) {
    if (messages_ >= messages_max_) return true;
    if (bytes_sent_ - bytes_taken_ + bytes <= bytes_max_) return false;
    bytes_taken_ = link_->bytes_taken.load(std::memory_order_relaxed);
    return bytes_sent_ - bytes_taken_ + bytes > bytes_max_;
  }

  void Push(Envelope* envelope) {
    ++messages_;
    bytes_sent_ += envelope->bytes;
    queue_.Push(envelope);
  }

  // An envelope that the other shard's pool owns; its payload is destroyed.
  void Return(Envelope* envelope) {
    envelope->next = returns_;
    returns_ = envelope;
    if (++return_count_ >= kReturnBatch) FlushReturns();
  }

  // Moves what fits into the rings and wakes the other shard if it sleeps. Envelopes whose
  // messages were copied go back to `pool`.
  void Flush(EnvelopePool& pool);
  void FlushReturns();

  bool empty() const { return queue_.empty(); }
  bool returns_empty() const { return returns_ == nullptr; }

 private:
  static constexpr uint32_t kReturnBatch = 64;

  ShardLink* link_ = nullptr;
  Waker* waker_ = nullptr;
  EnvelopeQueue queue_;
  uint64_t bytes_sent_ = 0;
  uint64_t bytes_taken_ = 0;  // As the link said last.
  uint64_t bytes_max_ = 0;
  uint32_t messages_ = 0;
  uint32_t messages_max_ = 0;
  Envelope* returns_ = nullptr;
  uint32_t return_count_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_OUTBOX_H_
