#ifndef TROUPE_ACTORS_MAIL_SHARD_LINK_H_
#define TROUPE_ACTORS_MAIL_SHARD_LINK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "troupe/actors/envelopes/envelope.h"
#include "troupe/base/buggify.h"
#include "troupe/loop/lockfree.h"

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

// What is charged to which bound of an outbox.
enum class Charge : uint8_t {
  kMessage,  // Refused when there is no room.
  kReply,    // An outcome or an item, which somebody waits for: its sender is held instead.
};

// The queues from one shard to another.
//
// Thread:   one shard sends, the other receives, as the fields say.
// Lifetime: made when first used; as long as the system.
struct ShardLink {
  explicit ShardLink(size_t ring_messages)
      : messages(ring_messages), control(kControlRing), returns(kReturnChains) {}

  static constexpr size_t kControlRing = 256;
  static constexpr size_t kReturnChains = 1024;

  // Bytes of each Charge that the receiver has taken off the ring, over the link's life. Written
  // by the receiver. Relaxed: a count, which orders nothing.
  alignas(64) std::atomic<uint64_t> taken[2] = {};
  // The sender sleeps, or is about to, and has more than the ring holds.
  alignas(64) std::atomic<uint32_t> sender_waits{0};

  alignas(64) SpscRing<RingPlace> messages;
  SpscRing<Envelope*> control;
  SpscRing<Envelope*> returns;  // Envelopes on their way home: heads of chains through `next`.
};

// The links between all shards of a system.
//
// Thread: Find any; Make the sender's.
class ShardLinks {
 public:
  ShardLinks(size_t shards, size_t ring_messages)
      : shards_(shards),
        ring_messages_(ring_messages),
        links_(new std::atomic<ShardLink*>[shards * shards]()) {}
  ~ShardLinks() {
    for (size_t i = 0; i < shards_ * shards_; ++i) delete links_[i].load(std::memory_order_relaxed);
  }
  ShardLinks(const ShardLinks&) = delete;
  ShardLinks& operator=(const ShardLinks&) = delete;

  // Null while nothing was ever sent.
  ShardLink* Find(size_t from, size_t to) const {
    // Acquire: pairs with the store in Make().
    return links_[from * shards_ + to].load(std::memory_order_acquire);
  }
  ShardLink& Make(size_t from, size_t to) {
    auto* const link = new ShardLink(TROUPE_BUGGIFY("a tiny ring") ? 1 : ring_messages_);
    links_[from * shards_ + to].store(link, std::memory_order_release);
    return *link;
  }

 private:
  const size_t shards_;
  const size_t ring_messages_;
  const std::unique_ptr<std::atomic<ShardLink*>[]> links_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MAIL_SHARD_LINK_H_
