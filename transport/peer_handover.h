#ifndef TROUPE_TRANSPORT_PEER_HANDOVER_H_
#define TROUPE_TRANSPORT_PEER_HANDOVER_H_

#include "troupe/actors/shard/shard.h"
#include "troupe/transport/peer_news.h"

namespace troupe::internal {

// Sends `news` from their session's shard to the PeerWatchers of all shards, behind what was sent
// there before. Those of an end arrive also behind the Downs of every monitor that an actor there
// set before it could know of the end.
void SpreadNews(Shard& from, PeerNews news);

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_PEER_HANDOVER_H_
