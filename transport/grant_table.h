#ifndef TROUPE_TRANSPORT_GRANT_TABLE_H_
#define TROUPE_TRANSPORT_GRANT_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/typing/method.h"
#include "troupe/transport/frame.h"

namespace troupe::internal {

// An actor of this node that a peer may address.
struct Grant {
  enum class State : uint8_t { kUnknown, kAsking, kKnown };

  AnyRef ref;
  const ServiceInfo* service = nullptr;  // Null if the actor serves none or has ended.
  State state = State::kUnknown;
  bool alive = false;  // As of the shard's answer.
};

// The actors that one peer may address in one session.
//
// Thread: shard-affine.
// Bounds: kGrantsMax.
class GrantTable {
 public:
  static constexpr size_t kGrantsMax = 65536;
  static constexpr uint32_t kNone = ~0u;

  // Returns null at the bound.
  Grant* Add(const AnyRef& ref) {
    const uint32_t found = IndexOf(ref.shard(), ref.slot(), ref.generation());
    if (found != kNone) return &grants_[found];
    if (grants_.size() >= kGrantsMax) return nullptr;
    by_key_[Key{ref.generation(), ref.slot(), ref.shard()}] = static_cast<uint32_t>(grants_.size());
    return &grants_.emplace_back(Grant{.ref = ref});
  }

  Grant* Find(const FrameTarget& target) {
    const uint32_t found = IndexOf(target.shard, target.slot, target.generation);
    return found == kNone ? nullptr : &grants_[found];
  }

  Grant* At(uint32_t index) { return index < grants_.size() ? &grants_[index] : nullptr; }
  uint32_t IndexOf(const Grant& grant) {
    return IndexOf(grant.ref.shard(), grant.ref.slot(), grant.ref.generation());
  }

 private:
  struct Key {
    uint64_t generation;
    uint32_t slot;
    uint16_t shard;

    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.generation, key.slot, key.shard);
    }
  };

  uint32_t IndexOf(uint16_t shard, uint32_t slot, uint64_t generation) {
    if (last_ != kNone) {
      const AnyRef& last = grants_[last_].ref;
      if (last.generation() == generation && last.slot() == slot && last.shard() == shard) {
        return last_;
      }
    }
    const auto it = by_key_.find(Key{generation, slot, shard});
    if (it == by_key_.end()) return kNone;
    last_ = it->second;
    return last_;
  }

  std::deque<Grant> grants_;
  absl::flat_hash_map<Key, uint32_t> by_key_;
  uint32_t last_ = kNone;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_GRANT_TABLE_H_
