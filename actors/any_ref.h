#ifndef TROUPE_ACTORS_ANY_REF_H_
#define TROUPE_ACTORS_ANY_REF_H_

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace troupe {

class System;

// The result of a one-way send; it may be ignored.
enum class SendResult : uint8_t {
  kAccepted,  // In the mailbox if that is on the same shard, else on its way; see Undelivered.
  kFull,      // The mailbox, or a queue on the way to it, is at its limit.
  kGone,      // The actor is stopping or has ended, its node is unknown, or the handle is empty.
};

std::string_view ToString(SendResult result);

// Identifies an actor, without its type. Owns nothing and stays valid across restarts; after the
// actor's end it reaches nobody, never a successor in the same slot.
//
// Thread:   any; a value.
// Lifetime: not used after its System's end.
class AnyRef {
 public:
  AnyRef() = default;
  AnyRef(System* system, uint64_t incarnation, uint16_t shard, uint32_t slot, uint64_t generation)
      : system_(system),
        incarnation_(incarnation),
        generation_(generation),
        slot_(slot),
        shard_(shard) {}

  // False for a default-constructed handle, which reaches nobody.
  explicit operator bool() const { return system_ != nullptr; }

  System* system() const { return system_; }
  // Identifies the node's boot: no two boots share an incarnation.
  uint64_t incarnation() const { return incarnation_; }
  uint64_t generation() const { return generation_; }
  uint32_t slot() const { return slot_; }
  uint16_t shard() const { return shard_; }

  // Returns "shard/slot#generation", with "@incarnation" appended if the actor is on another node.
  std::string ToString() const;

  // Compare identities, whatever the handles' types. The order has no other meaning.
  friend bool operator==(const AnyRef& a, const AnyRef& b) {
    return a.incarnation_ == b.incarnation_ && a.generation_ == b.generation_ &&
           a.slot_ == b.slot_ && a.shard_ == b.shard_;
  }
  friend std::strong_ordering operator<=>(const AnyRef& a, const AnyRef& b) {
    if (const auto c = a.incarnation_ <=> b.incarnation_; c != 0) return c;
    if (const auto c = a.shard_ <=> b.shard_; c != 0) return c;
    if (const auto c = a.slot_ <=> b.slot_; c != 0) return c;
    return a.generation_ <=> b.generation_;
  }
  template <typename H>
  friend H AbslHashValue(H h, const AnyRef& ref) {
    return H::combine(std::move(h), ref.incarnation_, ref.generation_, ref.slot_, ref.shard_);
  }

 private:
  System* system_ = nullptr;
  uint64_t incarnation_ = 0;
  uint64_t generation_ = 0;
  uint32_t slot_ = 0;
  uint16_t shard_ = 0;
};
static_assert(sizeof(AnyRef) == 32);
static_assert(std::is_trivially_copyable_v<AnyRef>);

}  // namespace troupe

// Hashes every kind of handle: AnyRef, Ref<A> and those of generated services.
template <std::derived_from<troupe::AnyRef> R>
struct std::hash<R> {
  size_t operator()(const troupe::AnyRef& ref) const noexcept {
    // The fields that differ between actors of one node first; the multiplications spread them over
    // all bits.
    uint64_t mixed = ref.generation() * 0x9e3779b97f4a7c15u;
    mixed ^= (uint64_t{ref.slot()} << 16) | ref.shard();
    mixed *= 0xbf58476d1ce4e5b9u;
    mixed ^= (mixed >> 32) ^ ref.incarnation();
    mixed *= 0x94d049bb133111ebu;
    return static_cast<size_t>(mixed ^ (mixed >> 29));
  }
};

#endif  // TROUPE_ACTORS_ANY_REF_H_
