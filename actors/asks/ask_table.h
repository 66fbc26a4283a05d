#ifndef TROUPE_ACTORS_ASKS_ASK_TABLE_H_
#define TROUPE_ACTORS_ASKS_ASK_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/asks/pending_ask.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/mail/inbound_requests.h"
#include "troupe/actors/memory/id_table.h"

namespace troupe::internal {

class Shard;

// The requests that one shard has sent and that have no outcome yet, and those that it serves.
// Each sent one gets exactly one outcome: a reply, a timeout, the callee's end, a cancellation, or
// the shard's end.
//
// Thread: shard-affine.
// Bounds: asks_per_shard_max, and asks_per_actor_max for one actor: one more fails at once with
//         RESOURCE_EXHAUSTED and kNotSent.
class AskTable {
 public:
  // Gives ids that no other of `tables` gives: a request that is dropped on another shard than its
  // own is no other one's.
  AskTable(Shard& shard, size_t asks_max, SlabMemory& memory, uint32_t table, uint32_t tables)
      : shard_(shard), asks_(asks_max, memory, table, tables) {}
  AskTable(const AskTable&) = delete;
  AskTable& operator=(const AskTable&) = delete;

  // --- The asker's side. ---

  // Registers `ask` for the code that runs, as the asker of `envelope`, and sends it. If it fails,
  // the outcome is given through OnReply() before the return.
  void Start(PendingAsk& ask, const AnyRef& target, Envelope* envelope, absl::Duration timeout);
  // Takes the ask off the table for its outcome, which traces show. Null when it is gone: counted
  // as late.
  PendingAsk* Take(uint64_t id, absl::StatusCode outcome = absl::StatusCode::kOk);
  PendingAsk* Find(uint64_t id) { return asks_.Find(id); }
  // The request of `id` has left for another shard.
  void NoteSent(uint64_t id) {
    if (PendingAsk* const ask = asks_.Find(id)) ask->unsent_ = nullptr;
  }
  // Forgets the ask without an outcome and tells the callee, unless that has answered. Returns how
  // far the request got.
  Certainty Drop(PendingAsk& ask, absl::StatusCode why = absl::StatusCode::kCancelled);
  // Requests of this shard without an outcome.
  size_t pending() const { return asks_.count(); }
  // The shard ends: up to `budget` asks get their outcome. Returns how many.
  uint32_t FailSome(uint32_t budget);

  // --- The callee's side. ---

  InboundRequests& inbound() { return inbound_; }
  // A request that would wait for itself, over any number of actors.
  absl::Status CheckCycle(const Cell& target, const Envelope& envelope);
  // The asker of `ask` gave up: a handler of it is cancelled, a waiting one gives its place back.
  void GiveUp(const AnyRef& target, uint16_t asker_shard, uint64_t ask);

 private:
  absl::Status Register(PendingAsk& ask, Envelope& envelope, absl::Duration timeout);
  // `parent` is the request that the asker serves, or null.
  absl::Status AttachChain(Envelope& envelope, const Envelope* parent);
  absl::Status Deliver(PendingAsk& ask, const AnyRef& target, Envelope* envelope,
                       Certainty& certainty);

  Shard& shard_;
  IdTable<PendingAsk> asks_;
  InboundRequests inbound_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ASKS_ASK_TABLE_H_
