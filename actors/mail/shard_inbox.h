#ifndef TROUPE_ACTORS_MAIL_SHARD_INBOX_H_
#define TROUPE_ACTORS_MAIL_SHARD_INBOX_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/base/limits.h"
#include "troupe/loop/lockfree.h"

namespace troupe::internal {

class Shard;

// What threads that are no shard's send to one shard, and what handlers put off until the end of
// the turn.
//
// Thread: as each method says.
// Bounds: inbox_messages_max and inbox_bytes_max; refused beyond.
class ShardInbox {
 public:
  ShardInbox(Shard& shard, const Limits& limits)
      : shard_(shard),
        messages_max_(limits.inbox_messages_max),
        bytes_max_(limits.inbox_bytes_max),
        inbox_(limits.inbox_messages_max) {}
  ShardInbox(const ShardInbox&) = delete;
  ShardInbox& operator=(const ShardInbox&) = delete;

  // Runs `task`, which holds `bytes`, on the shard, in one of its next turns.
  // Thread: any. False at a bound.
  bool Post(std::function<void()> task, uint32_t bytes = 0);
  // What to tell whoever was refused with `bytes`. Thread: any.
  absl::Status WhyFull(uint32_t bytes) const;
  // Hands an envelope over from a thread that is no shard's. Thread: any. False at a bound.
  bool PostEnvelope(Envelope* envelope);

  // Thread: the shard's, likewise below. Delivers up to `messages_max`.
  void Drain(size_t messages_max);
  bool Empty() const { return inbox_.Empty(); }

  // What waited for room has it, or (below zero) waits again.
  void Discharge(int64_t bytes) {
    bytes_.fetch_sub(static_cast<uint64_t>(bytes), std::memory_order_relaxed);
  }

  // Runs `task` at the end of this turn: where objects die that may be on the stack now.
  void Defer(std::function<void()> task) { deferred_.push_back(std::move(task)); }
  void RunDeferred();

 private:
  Shard& shard_;
  const uint32_t messages_max_;
  const uint64_t bytes_max_;

  // Other threads.
  MpscInbox<Envelope*> inbox_;
  // Relaxed: a count, which orders nothing.
  alignas(128) std::atomic<uint64_t> bytes_{0};

  // The shard.
  std::vector<std::function<void()>> deferred_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MAIL_SHARD_INBOX_H_
