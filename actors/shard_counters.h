#ifndef TROUPE_ACTORS_SHARD_COUNTERS_H_
#define TROUPE_ACTORS_SHARD_COUNTERS_H_

#include <cstdint>

namespace troupe {

// What one shard has done since its start. Written by the shard; everybody else gets a snapshot.
struct ShardCounters {
  uint64_t handled = 0;       // Messages whose handler was called.
  uint64_t expired = 0;       // Dropped before their handler: the deadline had passed.
  uint64_t cancelled = 0;     // Dropped before their handler: the caller gave up.
  uint64_t dead_letters = 0;  // One-way messages that reached nobody.
  uint64_t refused_full = 0;  // Sends that met a limit.
  uint64_t undelivered = 0;   // Sends accepted here, then refused elsewhere.
  uint64_t late_replies = 0;  // Replies to requests that had an outcome already.
  uint64_t failures = 0;      // Handlers and starts that failed.
  uint64_t restarts = 0;
  uint64_t cycles = 0;          // Requests refused since they would wait for themselves.
  uint64_t handler_errors = 0;  // One-way handlers that returned an error.
  uint64_t spawned = 0;
  uint64_t stopped = 0;

  ShardCounters& operator+=(const ShardCounters& other);
};

// What a System has at the moment. Once it is quiet, all but the actors and what they keep armed is
// 0 again.
struct SystemGauges {
  uint64_t actors = 0;
  uint64_t messages_waiting = 0;  // In mailboxes.
  uint64_t bytes_waiting = 0;     // As the mailboxes are charged.
  uint64_t requests_pending = 0;  // Asked by actors and threads of this System; without an outcome.
  uint64_t event_records = 0;     // Timers, monitors, watches, subscriptions and children.
  uint64_t bytes_between_shards = 0;  // On their way from one shard to another.
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_SHARD_COUNTERS_H_
