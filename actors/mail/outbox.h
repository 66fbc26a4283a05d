#ifndef TROUPE_ACTORS_MAIL_OUTBOX_H_
#define TROUPE_ACTORS_MAIL_OUTBOX_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/mail/sender_set.h"
#include "troupe/actors/mail/shard_link.h"
#include "troupe/base/buggify.h"
#include "troupe/base/limits.h"
#include "troupe/loop/waker.h"

namespace troupe::internal {

class Shard;

// What one shard has for another and could not hand over yet: messages and replies in their order,
// and beside them a lane for what the runtimes say to each other.
//
// Thread: the sending shard's.
// Bounds: outbox_messages_max and outbox_bytes_max for messages, which are refused at the bound;
//         the bytes count in the ring too, since a receiver may be busy for long.
//         outbox_bytes_max again for replies and stream items: at the bound those who write them
//         are held. outbox_control_max for what begins something in the control lane; what ends
//         something has its place by that.
class Outbox {
 public:
  // `from` and `to` are shards' indices; `waker` and `senders` the receiver's.
  Outbox(ShardLink& link, Waker& waker, SenderSet& senders, uint16_t from, const Limits& limits)
      : link_(link), waker_(waker), senders_(senders), limits_(limits), from_(from) {}
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Whether a message of `bytes` would be refused.
  bool Full(uint32_t bytes) {
    if (messages_ >= limits_.outbox_messages_max) return true;
    return !Fits(Charge::kMessage, bytes, limits_.outbox_bytes_max);
  }
  // Whether whoever wrote a reply or an item should wait before it writes another one.
  bool RepliesFull() { return !Fits(Charge::kReply, 0, limits_.outbox_bytes_max); }
  // Whether a reply of `bytes` is too much even so.
  bool RepliesOverflow(uint32_t bytes) {
    return !Fits(Charge::kReply, bytes, 2 * limits_.outbox_bytes_max);
  }
  uint64_t BytesOnTheirWay() const {
    uint64_t bytes = 0;
    for (int i = 0; i < 2; ++i) bytes += sent_[i] - link_.taken[i].load(std::memory_order_relaxed);
    return bytes;
  }
  bool ControlFull() const { return control_count_ >= limits_.outbox_control_max; }

  // True when it is worth a Flush() now.
  bool Push(Envelope* envelope, Charge charge) {
    sent_[static_cast<int>(charge)] += envelope->bytes;
    if (charge == Charge::kMessage) ++messages_;
    data_.Push(envelope);
    return ++unflushed_ >= flush_at_;
  }
  void PushControl(Envelope* envelope) {
    ++control_count_;
    control_.Push(envelope);
  }

  // `request`, which is still in here, is not sent: what is left of it is charged to nobody.
  void Withdraw(Envelope& request, Shard& shard);

  // The receiver has too many messages for one of its actors: that is sent no more until it says
  // so.
  void HoldBack(uint32_t slot, uint64_t generation, bool holds_back) {
    if (holds_back) {
      held_back_.emplace(slot, generation);
    } else {
      held_back_.erase({slot, generation});
    }
  }
  bool HoldsBack(uint32_t slot, uint64_t generation) const {
    return !held_back_.empty() && held_back_.contains({slot, generation});
  }

  // Moves what fits into the rings and wakes the receiver. Envelopes whose messages were copied go
  // back to the pool of `shard`, which sends.
  void Flush(Shard& shard);
  // Nothing waits here, but perhaps in the rings.
  bool empty() const { return data_.empty() && control_.empty(); }
  // The receiver wakes this shard once it has made room. Returns whether there is some already.
  bool AskForRoom();

  // Calls the actor of `slot` back when replies have room again.
  void Hold(uint32_t slot, uint64_t generation) { held_.emplace_back(slot, generation); }
  bool holds_any() const { return !held_.empty(); }
  std::vector<std::pair<uint32_t, uint64_t>> TakeHeld() { return std::exchange(held_, {}); }

  // An envelope that the other shard's pool owns; its payload is destroyed.
  void Return(Envelope* envelope) {
    envelope->next = returns_;
    returns_ = envelope;
    if (++return_count_ >= return_batch_) FlushReturns();
  }
  void FlushReturns();
  bool returns_empty() const { return returns_ == nullptr; }

  bool listed = false;  // Among those that are flushed at the end of the turn.

 private:
  static constexpr uint32_t kReturnBatch = 64;
  // A busy shard hands over what it has long before the end of its turn.
  static constexpr uint32_t kFlushAt = 128;

  bool Fits(Charge charge, uint32_t bytes, uint64_t bytes_max) {
    const auto i = static_cast<int>(charge);
    if (sent_[i] - taken_[i] + bytes <= bytes_max) return true;
    taken_[i] = link_.taken[i].load(std::memory_order_relaxed);
    return sent_[i] - taken_[i] + bytes <= bytes_max;
  }
  bool FlushControl();
  bool FlushData(Shard& shard);
  void Sweep(Shard& shard);

  ShardLink& link_;
  Waker& waker_;
  SenderSet& senders_;
  const Limits& limits_;
  const uint16_t from_;
  const uint32_t flush_at_ = TROUPE_BUGGIFY("hand over each message") ? 1 : kFlushAt;
  const uint32_t return_batch_ = TROUPE_BUGGIFY("return each envelope") ? 1 : kReturnBatch;
  EnvelopeQueue data_;
  EnvelopeQueue control_;
  uint64_t sent_[2] = {};
  uint64_t taken_[2] = {};  // As the link said last.
  uint32_t messages_ = 0;   // In data_, without replies and withdrawn requests.
  uint32_t withdrawn_ = 0;  // In data_.
  uint32_t control_count_ = 0;
  uint32_t unflushed_ = 0;
  uint32_t return_count_ = 0;
  Envelope* returns_ = nullptr;
  std::vector<std::pair<uint32_t, uint64_t>> held_;  // Actors here, by slot and generation.
  absl::flat_hash_set<std::pair<uint32_t, uint64_t>> held_back_;  // Actors there.
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MAIL_OUTBOX_H_
