#ifndef TROUPE_ACTORS_MAILBOXES_H_
#define TROUPE_ACTORS_MAILBOXES_H_

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/cell.h"
#include "troupe/actors/envelope.h"

namespace troupe::internal {

class Shard;

// Whether a full mailbox takes one more message, and how a request leaves one before its turn.
//
// Thread: shard-affine.
// Bounds: the mailbox's own, in messages and bytes, and an eighth more for senders on shards that
//         have few messages in it.
class Mailboxes {
 public:
  explicit Mailboxes(Shard& shard) : shard_(shard) {}
  Mailboxes(const Mailboxes&) = delete;
  Mailboxes& operator=(const Mailboxes&) = delete;

  // kAccepted if `envelope` may be put into the mailbox although that is over a bound.
  SendResult MakeRoom(Cell& cell, const Envelope& envelope);
  absl::Status WhyFull(const Cell& cell, const Envelope& envelope) const;

  // The asker of a request that waits in `cell` gave up: its place and its bytes are free at once.
  void Withdraw(Cell& cell, Envelope& request);
  // What is left of one has left the mailbox.
  static void NoteWithdrawnGone(Cell& cell);

 private:
  bool DropOldest(Cell& cell, const Envelope& envelope);
  void Sweep(Cell& cell);

  Shard& shard_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MAILBOXES_H_
