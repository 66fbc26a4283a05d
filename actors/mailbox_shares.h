#ifndef TROUPE_ACTORS_MAILBOX_SHARES_H_
#define TROUPE_ACTORS_MAILBOX_SHARES_H_

#include <cstdint>
#include <utility>
#include <vector>

namespace troupe::internal {

// Who may still put a message into a mailbox that is full: an eighth of its bound is kept beyond
// the bound for senders on shards other than the one that fills it, in equal shares.
//
// Thread: the actor's shard.
class MailboxShares {
 public:
  // A message of `source`, a shard's index, came while `messages` of `messages_max` wait and the
  // newest of them is of `newest`. True if it is admitted.
  bool Admit(uint16_t source, uint16_t newest, uint32_t messages, uint32_t messages_max) {
    // It was below the bound since: what was admitted beyond it has been handled.
    if (messages <= messages_max) admitted_.clear();
    if (newest != source) Of(newest);
    uint32_t& mine = Of(source);
    const auto sources = static_cast<uint32_t>(admitted_.size());
    if (sources < 2 || mine >= messages_max / 8 / sources) return false;
    ++mine;
    return true;
  }

 private:
  uint32_t& Of(uint16_t source) {
    for (auto& [each, count] : admitted_) {
      if (each == source) return count;
    }
    return admitted_.emplace_back(source, 0).second;
  }

  std::vector<std::pair<uint16_t, uint32_t>> admitted_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MAILBOX_SHARES_H_
