#ifndef TROUPE_BASE_LIMITS_H_
#define TROUPE_BASE_LIMITS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace troupe {

// Every bound that a System and its Nodes keep, and what happens at each. Each queue, table, loop
// and wait names its field here.
//
// Thread: a value, fixed at start.
struct Limits {
  // --- Actors and their mailboxes. ---

  // A spawn on the shard fails with RESOURCE_EXHAUSTED; a handle from Spawn() is dead from birth.
  uint32_t actors_per_shard_max = 1u << 24;
  // Send() returns kFull and a request fails with RESOURCE_EXHAUSTED, or the oldest one-way message
  // is dropped if the actor's overflow option says so. An eighth is kept for senders on the actor's
  // own shard. Messages from elsewhere wait for room, charged to their senders, and the shard that
  // sent them is told to hold back: Send() returns kFull there. Once as many of one shard wait as
  // the mailbox holds, further ones are refused and the sender gets Undelivered. No message waits
  // for a mailbox that is smaller than turn_messages_per_actor_max.
  uint32_t mailbox_messages_max = 8192;
  uint64_t mailbox_bytes_max = 8u << 20;
  // The next request fails at once with RESOURCE_EXHAUSTED, and is not sent.
  uint32_t asks_per_shard_max = 1u << 20;
  uint32_t asks_per_actor_max = 16384;
  // Requests made inside requests: one level more fails with RESOURCE_EXHAUSTED.
  uint32_t call_chain_depth_max = 32;
  // The watcher gets its Down at once, with RESOURCE_EXHAUSTED.
  uint32_t monitors_per_actor_max = 1u << 20;
  // A spawn by that parent fails with RESOURCE_EXHAUSTED.
  uint32_t children_per_actor_max = 1u << 24;
  // A spawn with a name fails with RESOURCE_EXHAUSTED.
  uint32_t names_max = 1u << 20;
  // Items of a stream that its reader has not taken: the writer's Write() waits.
  uint32_t stream_credit_items = 32;

  // --- One turn of a shard: what is left waits for the next turn. ---

  // Messages handled by all actors.
  uint32_t turn_messages_max = 1024;
  // Messages handled by one actor before others have their turn.
  uint32_t turn_messages_per_actor_max = 64;
  // Timers that fire.
  uint32_t turn_timers_max = 1024;
  // Connections that a listener accepts; the others wait in its backlog.
  uint32_t turn_accepts_max = 16;
  // Bytes read from one connection; the others wait in the kernel.
  uint64_t turn_connection_bytes_max = 256u << 10;
  // About as many messages are taken from other shards, and as many from threads; a quarter while
  // the shard has more to handle than one turn takes. The others wait where their senders feel it.
  uint32_t turn_inbound_messages_max = 1024;

  // --- Between shards. ---

  // Messages in the ring from one shard to another; more wait in the sender's outbox.
  uint32_t shard_ring_messages = 1024;
  // What one shard has for another: Send() returns kFull and a request fails with
  // RESOURCE_EXHAUSTED. Replies and stream items have the same bytes of their own: an actor that
  // writes one beyond them is held until there is room, and one that would be beyond twice the
  // bytes becomes RESOURCE_EXHAUSTED.
  uint32_t outbox_messages_max = 1u << 19;
  uint64_t outbox_bytes_max = 64u << 20;
  // Orders that begin something on another shard: Stop() returns kFull, a spawn there fails with
  // RESOURCE_EXHAUSTED, a monitor gets its Down at once, an Undelivered is only counted.
  uint32_t outbox_control_max = 16384;
  // What threads that are no shard's send to one shard: Send() returns kFull and Wait()
  // RESOURCE_EXHAUSTED.
  uint32_t inbox_messages_max = 32768;
  uint64_t inbox_bytes_max = 64u << 20;

  // --- Timers, descriptors, children, workers. ---

  // Timers, monitors, watches, subscriptions and children of a shard's actors: the next gets the id
  // none and a log line; Exec() fails with RESOURCE_EXHAUSTED.
  uint32_t records_per_shard_max = (1u << 24) - 1;
  // The watch comes once, with kError and RESOURCE_EXHAUSTED.
  uint32_t watches_per_shard_max = 1u << 20;
  // Running at once: Exec() fails with RESOURCE_EXHAUSTED.
  uint32_t children_processes_max = 4096;
  // Bytes of one ChildOutput: the rest comes with the next one, and the child waits while its pipe
  // is full.
  uint64_t child_output_bytes_max = 64u << 10;
  // Input that a child has not read: WriteChild() fails with RESOURCE_EXHAUSTED, and ChildInputRoom
  // comes when half of it is free; WriteChildAll() waits.
  uint64_t child_input_bytes_max = 64u << 10;
  // Threads of all pools: a pool that would need more is not started, its spawn is refused.
  uint32_t worker_threads_max = 256;
  // Jobs that wait for a pool, whatever its options allow, or for the blocking pool: the next
  // request or Offload() fails with RESOURCE_EXHAUSTED.
  uint32_t worker_queue_max = 1024;
  // Threads for Offload(): further jobs wait in the queue.
  uint32_t blocking_pool_threads = 4;

  // --- The wire. ---

  // The smaller of both nodes' counts. A message, reply or item that is larger fails with
  // RESOURCE_EXHAUSTED; a peer that sends one all the same has its session ended.
  uint64_t frame_bytes_max = 1u << 20;
  // What waits for a peer's connection, or for one to be made: Send() returns kFull, a request
  // fails with RESOURCE_EXHAUSTED. From half of it on, nothing more is read from that peer.
  uint64_t peer_outbound_bytes_max = 16u << 20;
  // Replies may take so much more; then the session ends, since the peer asks and does not read.
  uint64_t peer_outbound_control_bytes_max = 1u << 20;
  // Requests of one peer, and of all, that are being handled: the next fails at the peer with
  // RESOURCE_EXHAUSTED. Each shard has an equal share of the node's, but no less than a peer's.
  uint64_t peer_inbound_bytes_max = 32u << 20;
  uint64_t node_inbound_bytes_max = 256u << 20;
  // A longer frame before the handshake is over closes the connection.
  uint64_t handshake_bytes_max = 4096;
  // Connections that have not said who they are, and those of one address: the next is closed.
  uint32_t unauthenticated_max = 64;
  uint32_t unauthenticated_per_address_max = 16;
  // The next peer is rejected in the handshake.
  uint32_t sessions_max = 1024;
  // Export() fails with RESOURCE_EXHAUSTED.
  uint32_t exports_max = 1u << 20;
  // A peer's monitor gets its Down at once, with RESOURCE_EXHAUSTED.
  uint32_t monitors_per_peer_max = 65536;
  // Requests of a peer without an outcome, as announced to it: further ones fail there, and a peer
  // that sends more all the same has its session ended.
  uint32_t asks_per_peer_max = 16384;
  // Messages that cannot be parsed: one more ends the session.
  uint32_t bad_messages_per_session_max = 16;

  // --- Waits. ---

  // A request without Within() fails with DEADLINE_EXCEEDED.
  absl::Duration ask_timeout = absl::Seconds(5);
  // Actors that have not stopped are named in the log and ended where they are.
  absl::Duration drain_timeout = absl::Seconds(10);
  // A peer that was silent for so long is pinged.
  absl::Duration heartbeat_idle = absl::Seconds(1);
  // A tick that is late by more means that this process stood still: the peer's silence does not
  // count.
  absl::Duration heartbeat_suspect = absl::Seconds(5);
  // The session with a peer that was silent, or has read nothing, for so long ends.
  absl::Duration heartbeat_dead = absl::Seconds(10);
  // The connection is closed.
  absl::Duration handshake_timeout = absl::Seconds(5);
  // The attempt to connect fails.
  absl::Duration connect_timeout = absl::Seconds(5);
  // A random share of the wait between two attempts, which doubles from the one to the other.
  absl::Duration reconnect_backoff_min = absl::Milliseconds(50);
  absl::Duration reconnect_backoff_max = absl::Seconds(5);
  // A shard without work looks for some for so long, then sleeps.
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
