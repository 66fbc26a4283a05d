#ifndef TROUPE_ACTORS_ENVELOPES_ENVELOPE_POOL_H_
#define TROUPE_ACTORS_ENVELOPES_ENVELOPE_POOL_H_

#include <cstddef>
#include <cstdint>

#include "troupe/actors/envelopes/envelope.h"
#include "troupe/base/poison.h"
#include "troupe/loop/slab_memory.h"

namespace troupe::internal {

// The envelopes that one shard sends. An envelope that was handled on another shard comes home in
// a chain of many.
//
// Thread:   shard-affine.
// Lifetime: the memory outlives it, and is freed after every shard has left.
// Bounds:   what the mailboxes and outboxes it sends to hold at once.
class EnvelopePool {
 public:
  EnvelopePool(uint16_t home, SlabMemory& memory) : home_(home), memory_(memory) {}
  EnvelopePool(const EnvelopePool&) = delete;
  EnvelopePool& operator=(const EnvelopePool&) = delete;

  // All fields but `home` are the caller's to set. Null when none is free: some may be on their
  // way home, and Refill() makes more.
  Envelope* Allocate() {
    Envelope* const envelope = free_;
    if (envelope != nullptr) [[likely]] {
      Unpoison(envelope, sizeof(Envelope));
      free_ = envelope->next;
    }
    return envelope;
  }
  void Refill();

  void Free(Envelope* envelope) {
    envelope->next = free_;
    free_ = envelope;
    Poison(envelope, sizeof(Envelope));
  }

  bool empty() const { return free_ == nullptr; }
  size_t slab_count() const { return slab_count_; }

 private:
  static constexpr size_t kSlabEnvelopes = 256;

  const uint16_t home_;
  SlabMemory& memory_;
  Envelope* free_ = nullptr;
  size_t slab_count_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ENVELOPES_ENVELOPE_POOL_H_
