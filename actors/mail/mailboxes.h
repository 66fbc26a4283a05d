#ifndef TROUPE_ACTORS_MAIL_MAILBOXES_H_
#define TROUPE_ACTORS_MAIL_MAILBOXES_H_

#include <cstdint>

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/mail/arrivals.h"

namespace troupe::internal {

class Shard;

// What becomes of a message for a full mailbox, and how a request leaves one before its turn.
//
// A sender on the actor's own shard is refused. A message from elsewhere was accepted already: it
// waits, charged to its sender as before, and a shard of which many wait for one actor is told to
// send that actor no more for now. An eighth of a mailbox is kept for the actor's own shard.
//
// Thread: shard-affine.
// Bounds: the mailbox's own, in messages and bytes, and as many more that wait from each shard, but
//         none for a mailbox smaller than turn_messages_per_actor_max.
class Mailboxes {
 public:
  explicit Mailboxes(Shard& shard) : shard_(shard) {}
  Mailboxes(const Mailboxes&) = delete;
  Mailboxes& operator=(const Mailboxes&) = delete;

  // kAccepted if `envelope` may be put into the mailbox although that is full. RefuseDropped()
  // follows, once it is there.
  SendResult MakeRoom(Cell& cell, const Envelope& envelope);
  // Destroys what was dropped for newer messages. Their destructors may send what a handler may,
  // but find a full mailbox full: each would drop the next.
  void RefuseDropped();
  absl::Status WhyFull(const Cell& cell, const Envelope& envelope) const;

  // --- Messages from elsewhere. ---

  // Whether a message from elsewhere may be put into the mailbox at once.
  static bool Admits(const Cell& cell, const Envelope& envelope) {
    return !cell.arrivals_wait() && BelowReserve(cell, envelope);
  }
  enum class Arrival : uint8_t {
    kEnqueued,
    kWaits,  // And is charged to its sender still.
    kFull,
    kGone,
  };
  // What becomes of one that is not admitted, of shard `from`. Takes it if kEnqueued or kWaits.
  Arrival Arrive(Cell& cell, Envelope* envelope, uint16_t from);
  // An event of shard `from` comes behind the messages of `from` that wait. False if none do.
  bool ArriveBehind(Cell& cell, Envelope* event, uint16_t from);
  // The mailbox may have room: takes in what waits, as far as that goes. Never leaves the mailbox
  // empty while something waits.
  void AdmitWaiting(Cell& cell);
  // The next of those that wait, charged to nobody any more; null when none do.
  Envelope* TakeWaiting(Cell& cell);
  // The mailbox has other bounds now: those in it and those that wait arrive once more.
  void ArriveAgain(Cell& cell);

  // --- Withdrawn requests. ---

  // The asker of a request that waits in or for the mailbox of `cell` gave up: its place and its
  // bytes are free at once.
  void Withdraw(Cell& cell, Envelope& request);
  // What is left of one has left the mailbox.
  static void NoteWithdrawnGone(Cell& cell);

 private:
  static uint32_t Reserve(const Cell& cell) { return cell.messages_max / 8; }
  static bool BelowReserve(const Cell& cell, const Envelope& envelope) {
    return cell.messages < cell.messages_max - Reserve(cell) &&
           uint64_t{cell.bytes} + envelope.bytes <= cell.bytes_max - cell.bytes_max / 8;
  }
  Arrival TakeIn(Cell& cell, Envelope* envelope, uint16_t from);
  bool MayWait(const Cell& cell, const Envelope& envelope, uint16_t from) const;
  bool TakesAtOnce(Cell& cell, const Envelope& envelope);
  bool DropOldest(Cell& cell, const Envelope& envelope);
  bool DropOneOfMailbox(Cell& cell);
  bool DropOne(Cell& cell, uint16_t from);
  void Drop(const Cell& cell, Envelope* oldest);
  void Enqueue(Cell& cell, Envelope* envelope);
  void Wait(Cell& cell, Envelope* envelope, uint16_t from);
  Envelope* PopWaiting(Cell& cell, Arrivals::Source& source);
  void RemoveIfEmpty(Cell& cell, Arrivals::Source& source);
  bool ArriveOnceMore(Cell& cell, Envelope* envelope);
  void Discharge(Cell& cell, Arrivals::Source& source, const Envelope& envelope);
  void Discharge(uint16_t from, int64_t bytes);
  void HoldBack(const Cell& cell, Arrivals::Source& source, bool holds_back);
  uint32_t Sweep(EnvelopeQueue& queue);

  Shard& shard_;
  EnvelopeQueue dropped_;  // For newer ones.
  bool refuses_dropped_ = false;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MAIL_MAILBOXES_H_
