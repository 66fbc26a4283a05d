#ifndef TROUPE_ACTORS_MAIL_OUTBOXES_H_
#define TROUPE_ACTORS_MAIL_OUTBOXES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "troupe/actors/mail/outbox.h"

namespace troupe::internal {

class Shard;

// The outboxes of one shard, each made when it is first used.
//
// Thread: the shard's.
class Outboxes {
 public:
  explicit Outboxes(Shard& shard, size_t shards) : shard_(shard), outboxes_(shards) {}
  Outboxes(const Outboxes&) = delete;
  Outboxes& operator=(const Outboxes&) = delete;

  Outbox& To(size_t shard) {
    Outbox* const outbox = outboxes_[shard].get();
    return outbox != nullptr ? *outbox : Make(shard);
  }

  void Push(Outbox& outbox, Envelope* envelope, Charge charge) {
    List(outbox);
    if (outbox.Push(envelope, charge)) outbox.Flush(shard_);
  }
  void PushControl(size_t shard, Envelope* envelope);
  // Takes an envelope of another shard's pool, whose payload is destroyed, home.
  void Return(Envelope* envelope) { To(envelope->home).Return(envelope); }
  // The running actor wrote a reply to `shard`, and waits when that has too many.
  void HoldIfFull(size_t shard);

  // RESOURCE_EXHAUSTED if nothing more may be begun in the lane of what runtimes say to each other.
  absl::Status ControlRoom(uint16_t shard);
  // RESOURCE_EXHAUSTED for a reply or an item of `bytes` that is too much for the way to `shard`.
  absl::Status ReplyRoom(uint16_t shard, size_t bytes);

  // Hands over what can be handed over. With `idle`, envelopes go home in small chains too.
  void Flush(bool idle);
  // Something waits that can be handed over now. If not, the receivers wake this shard.
  bool CanFlush();
  // Something waits for room in a ring.
  bool pending() const { return !listed_.empty(); }
  bool HasReturns() const;
  // What this shard sent to others and they have not taken.
  uint64_t BytesOnTheirWay() const;

  // Takes some of the envelopes of this shard that have come home. False when none have.
  bool TakeReturns();

 private:
  Outbox& Make(size_t shard);
  void List(Outbox& outbox) {
    if (outbox.listed) return;
    outbox.listed = true;
    listed_.push_back(&outbox);
  }
  void ReleaseHeld(Outbox& outbox);

  Shard& shard_;
  std::vector<std::unique_ptr<Outbox>> outboxes_;  // By destination.
  std::vector<Outbox*> made_;
  std::vector<uint16_t> destinations_;  // Of those that are made.
  std::vector<Outbox*> listed_;         // That have something.
  size_t next_return_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MAIL_OUTBOXES_H_
