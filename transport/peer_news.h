#ifndef TROUPE_TRANSPORT_PEER_NEWS_H_
#define TROUPE_TRANSPORT_PEER_NEWS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace troupe::internal {

// The beginning or the end of a session, as all shards of the node are told.
//
// Thread: any; shared and not changed.
struct PeerNews {
  std::string name;
  uint64_t incarnation = 0;
  std::string address;
  // The reason for the end, without a Status: the count that its copies share is not for many
  // shards at once.
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string reason;
  uint64_t number = 0;  // Its place among all news of the node.
  uint64_t began = 0;   // The number of its session's beginning.
  uint16_t shard = 0;   // The session's.

  bool is_up() const { return number == began; }
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_PEER_NEWS_H_
