#ifndef TROUPE_TRANSPORT_PEER_WATCHERS_H_
#define TROUPE_TRANSPORT_PEER_WATCHERS_H_

#include <cstdint>
#include <map>
#include <memory>

#include "absl/status/statusor.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/loop/platform.h"
#include "troupe/transport/peer_news.h"
#include "troupe/transport/peer_watch_record.h"
#include "troupe/transport/peers.h"

namespace troupe::internal {

// Which sessions the node has, as known to one shard, and the actors there that watch them. The
// shard takes the news of all sessions since the node's start, so that to begin a watch concerns no
// other shard.
//
// One order for all news of a node, rather than one for each peer: no name has to be remembered,
// and all actors see the same cluster change in the same order. A shard that stands still in the
// middle of a turn holds up what the others tell after it.
//
// Thread: its shard's.
// Bounds: peer_watches_per_shard_max watches.
class PeerWatchers {
 public:
  explicit PeerWatchers(Shard& shard) : shard_(shard) {}
  // Tells of the end of every session left.
  ~PeerWatchers();
  PeerWatchers(const PeerWatchers&) = delete;
  PeerWatchers& operator=(const PeerWatchers&) = delete;

  // Takes news, which the watchers get once all that have a smaller number were taken.
  void Take(std::shared_ptr<const PeerNews> news);

  // Begins a watch of the running actor's. `up` and `down` are its messages PeerUp and PeerDown.
  // Errors: RESOURCE_EXHAUSTED.
  absl::StatusOr<PeerWatchId> Watch(const MessageType* up, const MessageType* down);
  void Remove(PeerWatchRecord& record) { records_.erase(record.id()); }

  // Notifies `event` once all news up to `number` were taken.
  void NotifyAt(uint64_t number, Event* event);

 private:
  void Tell(const std::shared_ptr<const PeerNews>& news);
  void CheckNotify();

  Shard& shard_;
  uint64_t next_ = 1;  // The number of the next news to tell.
  // Shared, since each shard and each watcher is done with them at its own time. By number.
  std::map<uint64_t, std::shared_ptr<const PeerNews>> early_;
  std::map<uint64_t, std::shared_ptr<const PeerNews>> up_;  // Sessions that have not ended.
  std::map<uint64_t, PeerWatchRecord*> records_;            // By id.
  uint64_t notify_at_ = 0;
  Event* event_ = nullptr;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_PEER_WATCHERS_H_
