#ifndef TROUPE_ACTORS_ENVELOPES_MESSAGE_ORIGIN_H_
#define TROUPE_ACTORS_ENVELOPES_MESSAGE_ORIGIN_H_

#include "absl/status/status.h"

namespace troupe::internal {

class Shard;

// Where a one-way message comes from that no actor of this process sent, when its sender wants to
// hear of a refusal.
//
// Thread:   that of whoever holds the envelope.
// Lifetime: the envelope's, which owns it and says so by kHasOrigin.
class MessageOrigin {
 public:
  virtual ~MessageOrigin() = default;

  // No handler will see the message. At most once.
  virtual void OnRefused(Shard& shard, const absl::Status& why) = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ENVELOPES_MESSAGE_ORIGIN_H_
