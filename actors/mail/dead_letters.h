#ifndef TROUPE_ACTORS_MAIL_DEAD_LETTERS_H_
#define TROUPE_ACTORS_MAIL_DEAD_LETTERS_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/envelopes/envelope.h"

namespace troupe {

struct Undelivered;

namespace internal {

class Shard;

// What becomes of messages that no handler sees, or not to its end: each request gets its outcome,
// and of each one-way message that was accepted elsewhere its sender hears.
//
// Thread: shard-affine.
class DeadLetters {
 public:
  explicit DeadLetters(Shard& shard) : shard_(shard) {}
  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  // Destroys the payload and recycles the envelope; nobody hears of it.
  void Discard(Envelope* envelope);
  // The asker of `request`, which was not handled, gave up: destroys the payload. The envelope is
  // discarded where it is met.
  void MakeWithdrawn(Envelope& request);
  // Counts a dead letter or, for an ask, sends its outcome; and discards it.
  void Refuse(Envelope* envelope, absl::Status why, Certainty certainty);
  // The same for a message to an actor elsewhere, `target`, that was accepted from its sender. If
  // `target` is empty, the sender of a one-way message is not told.
  void RefuseSent(const AnyRef& target, Envelope* envelope, absl::Status why, Certainty certainty);
  // Sends an error as the outcome of `request`, if it is an ask.
  void ReplyError(Envelope& request, absl::Status status);
  // The handler of `envelope` is ended in the middle: a request is ABORTED. Destroys the payload,
  // but keeps the envelope.
  void Abandon(Envelope& envelope, std::string_view why);

  // A message that the actor `sender`, here, sent in its life `life` was refused elsewhere.
  void NoteUndelivered(const AnyRef& sender, uint32_t life, const Undelivered& what);

 private:
  void TellSender(const Envelope& envelope, const AnyRef& target, const absl::Status& why);

  Shard& shard_;
};

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_MAIL_DEAD_LETTERS_H_
