#ifndef TROUPE_ACTORS_MAIL_INBOUND_LINKS_H_
#define TROUPE_ACTORS_MAIL_INBOUND_LINKS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "troupe/actors/mail/sender_set.h"
#include "troupe/actors/mail/shard_link.h"

namespace troupe::internal {

class Shard;

// What other shards have sent to one shard. A turn takes a bounded number of messages, in equal
// shares, from another shard first each time; the rest stays in the rings, where its senders feel
// it.
//
// Thread: the shard's, but for senders().Mark().
class InboundLinks {
 public:
  InboundLinks(Shard& shard, size_t shards) : shard_(shard), senders_(shards), waits_(shards) {}
  InboundLinks(const InboundLinks&) = delete;
  InboundLinks& operator=(const InboundLinks&) = delete;

  SenderSet& senders() { return senders_; }
  // Whether Drain() would find something.
  bool Pending() {
    if (waiting_.empty()) Collect();
    return !waiting_.empty();
  }
  // What shard `from` sent has left its charge, or (below zero) has it again.
  void Discharge(uint16_t from, Charge charge, int64_t bytes);
  // Delivers about `messages_max` messages.
  void Drain(size_t messages_max);

 private:
  // Adds those that have put something into their links.
  void Collect() {
    if (!senders_.marks()) {
      for (size_t from = 0; from < waits_.size(); ++from) Look(from);
    } else if (!senders_.Empty()) {
      senders_.Take([this](size_t from) { Look(from); });
    }
  }
  void Look(size_t from);
  // Of one link. Returns whether more is there.
  bool DrainLink(uint16_t from, size_t messages_max);
  Envelope* Received(const RingPlace& place);

  Shard& shard_;
  SenderSet senders_;
  std::vector<uint16_t> waiting_;  // Shards with something in their links, in the order of serving.
  std::vector<uint16_t> served_;   // Of Drain(): those that have more.
  std::vector<bool> waits_;        // By shard: it is in waiting_.
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MAIL_INBOUND_LINKS_H_
