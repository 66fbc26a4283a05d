#ifndef TROUPE_ACTORS_MAIL_INBOUND_REQUESTS_H_
#define TROUPE_ACTORS_MAIL_INBOUND_REQUESTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "troupe/actors/envelopes/envelope.h"

namespace troupe::internal {

class Activation;
class RequestServer;

// A request that was accepted into a mailbox of this shard and has no outcome yet.
struct InboundRequest {
  Envelope* envelope = nullptr;
  Activation* activation = nullptr;  // Of its handler, once that has created a coroutine.
  RequestServer* server = nullptr;
};

// The requests that actors of one shard have accepted, so that a cancellation or a credit finds its
// request without a search.
//
// Thread: shard-affine.
// Bounds: the askers' tables: a place for each index that an asker's shard has used at once.
class InboundRequests {
 public:
  InboundRequests() = default;
  InboundRequests(const InboundRequests&) = delete;
  InboundRequests& operator=(const InboundRequests&) = delete;

  // Null when it has its outcome already, or never came.
  InboundRequest* Find(uint16_t asker_shard, uint64_t ask) {
    if (asker_shard >= askers_.size()) return nullptr;
    const size_t index = ask & kIndexMask;
    const auto& pages = askers_[asker_shard];
    if (index / kPageRequests >= pages.size() || pages[index / kPageRequests] == nullptr) {
      return nullptr;
    }
    InboundRequest& request = (*pages[index / kPageRequests])[index % kPageRequests];
    return request.envelope != nullptr && request.envelope->ask == ask ? &request : nullptr;
  }
  // The entry of `envelope`; null for one that is no request.
  InboundRequest* Of(const Envelope& envelope) {
    return (envelope.flags & kIndexed) != 0 ? Find(envelope.sender_shard, envelope.ask) : nullptr;
  }

  void Add(Envelope& envelope);
  // Ignored for what is not in it.
  void Remove(Envelope& envelope);
  size_t count() const { return count_; }

 private:
  static constexpr size_t kPageRequests = 256;
  // The part of an ask's id that is its place in its shard's table.
  static constexpr uint64_t kIndexMask = (uint64_t{1} << 24) - 1;
  using Page = std::array<InboundRequest, kPageRequests>;

  std::vector<std::vector<std::unique_ptr<Page>>> askers_;  // By shard, then by index.
  size_t count_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MAIL_INBOUND_REQUESTS_H_
