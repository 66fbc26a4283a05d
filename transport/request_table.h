#ifndef TROUPE_TRANSPORT_REQUEST_TABLE_H_
#define TROUPE_TRANSPORT_REQUEST_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "troupe/actors/any_ref.h"

namespace troupe::internal {

struct MethodInfo;
struct LookupRequest;

// A request of this node to a peer, without an outcome yet.
struct Request {
  uint64_t ask = 0;                    // In the asker's shard's table.
  const MethodInfo* method = nullptr;  // Null for a lookup.
  // Delivers a lookup's result to its ask; null for everything else.
  void (*deliver_ref)(uint64_t ask, const AnyRef& ref) = nullptr;
  uint64_t ends_at = 0;  // The position of its frame's end in the connection.
  uint32_t credit = 0;   // Items that the peer may still send.
  uint16_t asker_shard = 0;
};

// Pending requests by their id on the wire: the slot in the table in the low 24 bits, and above it
// the number of that slot's use, so that a forged or late id finds nothing.
//
// Thread: shard-affine.
// Bounds: `requests_max`, which the peer announced.
class RequestTable {
 public:
  explicit RequestTable(size_t requests_max) : requests_max_(requests_max) {}

  // Returns the id, or 0 at the bound.
  uint64_t Add(const Request& request) {
    uint32_t index;
    if (free_head_ != kNone) {
      index = free_head_;
      free_head_ = places_[index].next_free;
    } else {
      if (places_.size() >= requests_max_ || places_.size() >= kNone) return 0;
      index = static_cast<uint32_t>(places_.size());
      places_.emplace_back();
    }
    Place& place = places_[index];
    place.request = request;
    place.taken = true;
    ++count_;
    NoteAsk(request, index);
    return (place.use << kIndexBits) | index;
  }

  // Returns null if no request has that id.
  Request* Find(uint64_t id) {
    const size_t index = id & kNone;
    if (index >= places_.size()) return nullptr;
    Place& place = places_[index];
    return place.taken && place.use == id >> kIndexBits ? &place.request : nullptr;
  }

  // Requires that Find(id) is not null.
  void Remove(uint64_t id) {
    Place& place = places_[id & kNone];
    place.taken = false;
    ++place.use;
    place.next_free = free_head_;
    free_head_ = static_cast<uint32_t>(id & kNone);
    --count_;
  }

  // Returns the id of that shard's ask, or 0 if it is not pending here.
  uint64_t IdOf(uint16_t shard, uint64_t ask) const {
    if (shard >= by_ask_.size()) return 0;
    const size_t ask_index = ask & kNone;
    if (ask_index >= by_ask_[shard].size()) return 0;
    const uint32_t index = by_ask_[shard][ask_index];
    if (index >= places_.size()) return 0;
    const Place& place = places_[index];
    const bool same = place.taken && place.request.ask == ask && place.request.asker_shard == shard;
    return same ? (place.use << kIndexBits) | index : 0;
  }

  // Calls `use` with each request and removes them all.
  template <typename F>
  void TakeAll(F use) {
    for (Place& place : places_) {
      if (!place.taken) continue;
      place.taken = false;
      ++place.use;
      use(place.request);
    }
    places_.clear();
    free_head_ = kNone;
    count_ = 0;
  }

  size_t count() const { return count_; }

  static constexpr int kIndexBits = 24;
  static constexpr uint32_t kNone = (1u << kIndexBits) - 1;

 private:
  struct Place {
    Request request;
    uint64_t use = 1;
    uint32_t next_free = kNone;
    bool taken = false;
  };

  // Indexes by the low bits of the ask's id, its slot, so that the path of a request needs no
  // hashing.
  void NoteAsk(const Request& request, uint32_t index) {
    if (request.asker_shard >= by_ask_.size()) by_ask_.resize(request.asker_shard + 1);
    std::vector<uint32_t>& places = by_ask_[request.asker_shard];
    const size_t ask_index = request.ask & kNone;
    if (ask_index >= places.size()) places.resize(ask_index + 1, kNone);
    places[ask_index] = index;
  }

  const size_t requests_max_;
  std::vector<Place> places_;
  std::vector<std::vector<uint32_t>> by_ask_;  // By shard, then by the ask's place.
  uint32_t free_head_ = kNone;
  size_t count_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_REQUEST_TABLE_H_
