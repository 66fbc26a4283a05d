#ifndef TROUPE_TRANSPORT_PEERS_H_
#define TROUPE_TRANSPORT_PEERS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "troupe/base/strong_id.h"

namespace troupe {

// The id of a Node::WatchPeers(), in one life of the actor. No id is used twice.
using PeerWatchId = StrongId<struct PeerWatchIdTag>;

// A session with a peer has begun, or existed when the actor began to watch. Sent after the
// PeerDown of the peer's last session.
struct PeerUp {
  std::string name;
  uint64_t incarnation = 0;
  std::string address;  // Where it is reached; empty if unknown.
  PeerWatchId watch;
};

// That session has ended. Sent after every Down of the peer's actors that this caused.
struct PeerDown {
  std::string name;
  uint64_t incarnation = 0;
  std::string address;
  absl::Status status;  // The reason; never OK.
  PeerWatchId watch;
};

// A session as it is at one moment. "To" is from this node to the peer.
struct PeerState {
  std::string name;
  uint64_t incarnation = 0;
  std::string address;
  int shard = 0;                   // That owns the connection.
  absl::Time since;                // By this node's wall clock.
  uint64_t requests_to = 0;        // Without an outcome.
  uint64_t requests_from = 0;      // Without an outcome.
  uint64_t unwritten_bytes = 0;    // That the kernel has not taken.
  uint64_t unacknowledged_to = 0;  // One-way messages that the peer may not have.
  uint64_t monitors_to = 0;        // Of the peer's actors.
  uint64_t monitors_from = 0;      // Of this node's actors.
};

}  // namespace troupe

#endif  // TROUPE_TRANSPORT_PEERS_H_
