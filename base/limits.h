#ifndef TROUPE_BASE_LIMITS_H_
#define TROUPE_BASE_LIMITS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace troupe {

// Every bound that a System and its Nodes keep. Each queue, table, loop and wait names its field
// here; what happens at the bound is said where the bound is met.
//
// Thread: a value, fixed at start.
struct Limits {
  // Actors and their mailboxes.
  uint32_t actors_per_shard_max = 1u << 24;
  uint32_t mailbox_messages_max = 8192;
  uint64_t mailbox_bytes_max = 8u << 20;
  uint32_t asks_per_shard_max = 1u << 20;
  uint32_t asks_per_actor_max = 16384;
  uint32_t call_chain_depth_max = 32;
  uint32_t monitors_per_actor_max = 1u << 20;
  uint32_t children_per_actor_max = 1u << 24;
  uint32_t names_max = 1u << 20;
  uint32_t stream_credit_items = 32;

  // One turn of a shard.
  uint32_t turn_messages_max = 1024;
  uint32_t turn_messages_per_actor_max = 64;
  uint32_t turn_timers_max = 1024;
  uint32_t turn_accepts_max = 16;
  uint64_t turn_connection_bytes_max = 256u << 10;
  uint32_t turn_inbound_messages_max = 1024;

  // Between shards.
  uint32_t shard_ring_messages = 1024;
  uint32_t outbox_messages_max = 1u << 19;
  uint64_t outbox_bytes_max = 64u << 20;
  uint32_t outbox_control_max = 16384;
  uint32_t inbox_messages_max = 32768;
  uint64_t inbox_bytes_max = 64u << 20;

  // Timers, descriptors, children, workers.
  uint32_t records_per_shard_max = (1u << 24) - 1;
  uint32_t watches_per_shard_max = 1u << 20;
  uint32_t children_processes_max = 4096;
  uint64_t child_output_bytes_max = 64u << 10;
  uint64_t child_input_bytes_max = 64u << 10;
  uint32_t worker_threads_max = 256;
  uint32_t worker_queue_max = 1024;
  uint32_t blocking_pool_threads = 4;

  // The wire.
  uint64_t frame_bytes_max = 1u << 20;
  uint64_t peer_outbound_bytes_max = 16u << 20;
  uint64_t peer_outbound_control_bytes_max = 1u << 20;
  uint64_t peer_inbound_bytes_max = 32u << 20;
  uint64_t node_inbound_bytes_max = 256u << 20;
  uint64_t handshake_bytes_max = 4096;
  uint32_t unauthenticated_max = 64;
  uint32_t unauthenticated_per_address_max = 16;
  uint32_t sessions_max = 1024;
  uint32_t exports_max = 1u << 20;
  uint32_t monitors_per_peer_max = 65536;
  uint32_t asks_per_peer_max = 16384;
  uint32_t bad_messages_per_session_max = 16;

  // Waits.
  absl::Duration ask_timeout = absl::Seconds(5);
  absl::Duration drain_timeout = absl::Seconds(10);
  absl::Duration heartbeat_idle = absl::Seconds(1);
  absl::Duration heartbeat_suspect = absl::Seconds(5);
  absl::Duration heartbeat_dead = absl::Seconds(10);
  absl::Duration handshake_timeout = absl::Seconds(5);
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration reconnect_backoff_min = absl::Milliseconds(50);
  absl::Duration reconnect_backoff_max = absl::Seconds(5);
  absl::Duration spin_before_sleep = absl::Microseconds(50);
  // A sleeping shard wakes up to 1/1024 of its wait late for a timer, and this late at most.
  absl::Duration timer_slack_max = absl::Milliseconds(5);

  // Errors: INVALID_ARGUMENT that names the first field out of range, its value and the range.
  absl::Status Validate() const;

  // One `name = value` line a field, in the order above.
  std::string ToString() const;
};

}  // namespace troupe

#endif  // TROUPE_BASE_LIMITS_H_
