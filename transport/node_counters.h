#ifndef TROUPE_TRANSPORT_NODE_COUNTERS_H_
#define TROUPE_TRANSPORT_NODE_COUNTERS_H_

#include <cstdint>

namespace troupe {

// What a node has done on the wire since its start: the sum over its shards.
struct NodeCounters {
  uint64_t connections_accepted = 0;
  uint64_t connections_refused = 0;  // By the doorman, before a byte was read.
  uint64_t connections_dialled = 0;
  uint64_t handshakes_failed = 0;
  uint64_t sessions_begun = 0;
  uint64_t sessions_ended = 0;
  uint64_t sessions_alive = 0;
  uint64_t frames_in = 0;
  uint64_t frames_out = 0;
  uint64_t writes = 0;           // System calls that wrote.
  uint64_t frames_skipped = 0;   // Of an unknown type that may be skipped.
  uint64_t records_skipped = 0;  // Unknown records and flags that may be skipped.
  uint64_t violations = 0;       // Breaches of the protocol; each ends a connection.
  uint64_t bad_messages = 0;     // Payloads that cannot be parsed.
  uint64_t not_granted = 0;      // Frames for actors that the peer may not address.
  uint64_t late_replies = 0;     // Without a pending request: late or forged.
  uint64_t asks_alive = 0;       // Requests of peers without an outcome.
  uint64_t requests_alive = 0;   // Requests to peers without an outcome.

  NodeCounters& operator+=(const NodeCounters& other);
};

}  // namespace troupe

#endif  // TROUPE_TRANSPORT_NODE_COUNTERS_H_
