#ifndef TROUPE_ACTORS_MAIL_ARRIVALS_H_
#define TROUPE_ACTORS_MAIL_ARRIVALS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "troupe/actors/envelopes/envelope.h"

namespace troupe::internal {

// Messages from elsewhere that wait for room in one mailbox: a queue for each shard that sent some,
// and one for all threads that are no shard's. The queues take turns, and the actor's own shard,
// whose senders do not wait, has a turn like each of them.
//
// Thread: the actor's shard.
// Bounds: what waits stays charged to its sender, who is told to hold back.
class Arrivals {
 public:
  struct Source {
    uint16_t shard = kNoShard;
    bool holds_back = false;  // The sending shard was told so.
    uint32_t messages = 0;    // Without events and withdrawn requests.
    uint32_t withdrawn = 0;
    uint64_t bytes = 0;
    EnvelopeQueue queue;
  };

  bool empty() const { return sources_.empty(); }

  // Null if nothing of `shard` waits.
  Source* Find(uint16_t shard) {
    const auto it = std::find_if(sources_.begin(), sources_.end(),
                                 [shard](const Source& each) { return each.shard == shard; });
    return it != sources_.end() ? &*it : nullptr;
  }
  Source& Add(uint16_t shard) { return sources_.emplace_back(Source{.shard = shard}); }
  // Requires that nothing of `source` waits any more.
  void Remove(const Source& source) {
    const auto index = static_cast<size_t>(&source - sources_.data());
    sources_.erase(sources_.begin() + static_cast<ptrdiff_t>(index));
    if (turn_ > index) --turn_;
  }

  // Whose turn it is: null for the actor's own shard. Requires that something waits.
  Source* Turn() { return turn_ < sources_.size() ? &sources_[turn_] : nullptr; }
  void EndTurn() { turn_ = turn_ < sources_.size() ? turn_ + 1 : 0; }

 private:
  std::vector<Source> sources_;
  size_t turn_ = 0;  // Of sources_; its size stands for the actor's own shard.
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MAIL_ARRIVALS_H_
