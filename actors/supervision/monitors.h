#ifndef TROUPE_ACTORS_SUPERVISION_MONITORS_H_
#define TROUPE_ACTORS_SUPERVISION_MONITORS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/stop_reason.h"

namespace troupe::internal {

class Shard;

// Who watches which actor: exactly one Down for each monitor, in an envelope that was made with
// it, behind all that the dead actor sent to the watcher.
//
// Thread: shard-affine.
// Bounds: monitors_per_actor_max, and records_per_shard_max on the watcher's side; at a bound the
//         Down comes at once, and says so.
class Monitors {
 public:
  explicit Monitors(Shard& shard) : shard_(shard) {}
  Monitors(const Monitors&) = delete;
  Monitors& operator=(const Monitors&) = delete;

  // Keeps `down` until `target` ends; sends it at once when that has ended.
  // False when it is over already, or cannot be made: then nothing is to be removed.
  bool Add(const AnyRef& target, Envelope* down);
  void Remove(const AnyRef& target, uint16_t watcher_shard, uint64_t record);
  // Sends up to `budget` of the ending actor's. Returns how many.
  uint32_t NotifySome(Cell& cell, uint32_t budget);
  // Sends `down` to its watcher.
  void Send(Envelope* down, const AnyRef& who, StopReason reason, const absl::Status& status);

 private:
  bool AddHere(const AnyRef& target, Envelope* down);
  bool Refuse(Envelope* down, const AnyRef& target, StopReason reason, const absl::Status& why);

  Shard& shard_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SUPERVISION_MONITORS_H_
