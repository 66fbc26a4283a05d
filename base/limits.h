#ifndef TROUPE_BASE_LIMITS_H_
#define TROUPE_BASE_LIMITS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace troupe {

// The bounds of a System and its Nodes that can be set, and what happens at each. docs/wire.md
// lists those that the protocol fixes.
//
// Thread: a value, fixed at start.
struct Limits {
  // --- Actors and their mailboxes. ---

  // Actors on one shard. At the limit a spawn there fails with RESOURCE_EXHAUSTED, and Spawn()
  // returns a dead handle.
  uint32_t actors_per_shard_max = 1u << 24;
  // Messages in one mailbox, of which an eighth is reserved for senders on the actor's own shard.
  // At the limit Send() returns kFull there and a request fails with RESOURCE_EXHAUSTED, or the
  // oldest one-way message is dropped if the overflow option says so. Messages from elsewhere wait
  // for space, charged to their senders, and their shard is told to hold back: Send() then returns
  // kFull there. Once as many from one shard wait as the mailbox holds, further ones are refused,
  // and the sender gets Undelivered. They are not made to wait for a
  // mailbox smaller than turn_messages_per_actor_max, but refused.
  uint32_t mailbox_messages_max = 8192;
  uint64_t mailbox_bytes_max = 8u << 20;
  // Requests without an outcome. At the limit the next one fails at once with RESOURCE_EXHAUSTED
  // and is not sent.
  uint32_t asks_per_shard_max = 1u << 20;
  uint32_t asks_per_actor_max = 16384;
  // Requests nested in requests. One level more fails with RESOURCE_EXHAUSTED.
  uint32_t call_chain_depth_max = 32;
  // Monitors of one actor. At the limit the watcher gets its Down at once, with RESOURCE_EXHAUSTED.
  uint32_t monitors_per_actor_max = 1u << 20;
  // Children of one actor. At the limit a spawn by it fails with RESOURCE_EXHAUSTED.
  uint32_t children_per_actor_max = 1u << 24;
  // Named actors. At the limit a spawn with a name fails with RESOURCE_EXHAUSTED.
  uint32_t names_max = 1u << 20;
  // Items of a stream that its reader has not taken. At the limit the writer's Write() waits.
  uint32_t stream_credit_items = 32;

  // --- One turn of a shard. What exceeds a bound waits for the next turn. ---

  // Messages handled by all actors.
  uint32_t turn_messages_max = 1024;
  // Messages handled by one actor before the others run.
  uint32_t turn_messages_per_actor_max = 64;
  // Timers that fire.
  uint32_t turn_timers_max = 1024;
  // Connections accepted by a listener; the others wait in its backlog.
  uint32_t turn_accepts_max = 16;
  // Bytes read from one connection; the others wait in the kernel.
  uint64_t turn_connection_bytes_max = 256u << 10;
  // Messages taken from other shards, and as many from threads, both approximate; a quarter of that
  // while the shard has more to handle than one turn takes. The others stay charged to their
  // senders.
  uint32_t turn_inbound_messages_max = 1024;

  // --- Between shards. ---

  // Messages in the ring from one shard to another. Further ones wait in the sender's outbox.
  uint32_t shard_ring_messages = 1024;
  // Messages from one shard to another. At the limit Send() returns kFull and a request fails with
  // RESOURCE_EXHAUSTED. Replies and stream items have as many bytes of their own: an actor that
  // exceeds those is held until there is space, and a reply or item that would exceed twice those
  // becomes RESOURCE_EXHAUSTED.
  uint32_t outbox_messages_max = 1u << 19;
  uint64_t outbox_bytes_max = 64u << 20;
  // Control messages to another shard that begin something. At the limit Stop() returns kFull, a
  // spawn there fails with RESOURCE_EXHAUSTED, a monitor gets its Down at once, and an Undelivered
  // is only counted.
  uint32_t outbox_control_max = 16384;
  // Messages to one shard from threads that run no shard. At the limit Send() returns kFull, and
  // Wait() fails with RESOURCE_EXHAUSTED.
  uint32_t inbox_messages_max = 32768;
  uint64_t inbox_bytes_max = 64u << 20;

  // --- Timers, descriptors, children, workers. ---

  // Timers, monitors, watches, subscriptions and children of a shard's actors. At the limit the
  // next one gets the id "none" and logs a line; Exec() and WatchPeers() fail with
  // RESOURCE_EXHAUSTED.
  uint32_t records_per_shard_max = (1u << 24) - 1;
  // Watched descriptors, with a few of the shard's own; at least 16. At the limit the next watch
  // sends one FdReady, with kError and RESOURCE_EXHAUSTED.
  uint32_t watches_per_shard_max = 1u << 20;
  // Actors of a shard that watch their node's peers, once for each watch. At the limit WatchPeers()
  // fails with RESOURCE_EXHAUSTED.
  uint32_t peer_watches_per_shard_max = 64;
  // Child processes at once. At the limit Exec() fails with RESOURCE_EXHAUSTED.
  uint32_t children_processes_max = 4096;
  // Bytes of one ChildOutput. The rest follows in the next one, and the child blocks while its pipe
  // is full.
  uint64_t child_output_bytes_max = 64u << 10;
  // Bytes of input that a child has not read. Past it WriteChild() fails with RESOURCE_EXHAUSTED,
  // and ChildInputRoom is sent once half of it is free; WriteChildAll() waits.
  uint64_t child_input_bytes_max = 64u << 10;
  // Threads of all pools, the blocking pool included. A pool that would exceed it is not started,
  // and its spawn is refused.
  uint32_t worker_threads_max = 256;
  // Jobs that wait for one pool, whatever its options allow, or for the blocking pool. At the limit
  // the next request or Offload() fails with RESOURCE_EXHAUSTED.
  uint32_t worker_queue_max = 1024;
  // Threads of the blocking pool, which runs Offload(). Further jobs wait in its queue.
  uint32_t blocking_pool_threads = 4;

  // --- The wire. ---

  // Bytes of one frame; the smaller of both nodes' values counts. A larger message, reply or item
  // fails with RESOURCE_EXHAUSTED. The session with a peer that sends one nevertheless ends.
  uint64_t frame_bytes_max = 1u << 20;
  // Bytes that wait for one peer or for a connection to it. At the limit a request fails with
  // RESOURCE_EXHAUSTED; Send() returns kFull on the session's shard, and elsewhere, or while there
  // is no session, the sender gets Undelivered. From half of it on, nothing is read from that peer.
  uint64_t peer_outbound_bytes_max = 16u << 20;
  // Bytes that replies may take beyond that. Past it the session ends: the peer asks without
  // reading.
  uint64_t peer_outbound_control_bytes_max = 1u << 20;
  // Bytes of requests in progress, of one peer and of all. At the limit the next request fails at
  // the peer with RESOURCE_EXHAUSTED. Each shard has an equal share of the node's bytes, but no
  // less than a peer's.
  uint64_t peer_inbound_bytes_max = 32u << 20;
  uint64_t node_inbound_bytes_max = 256u << 20;
  // Bytes of a frame before the handshake is complete. A longer one gets the connection rejected.
  uint64_t handshake_bytes_max = 4096;
  // Accepted connections without a session, in all and from one address. At the limit the next is
  // closed.
  uint32_t unauthenticated_max = 64;
  uint32_t unauthenticated_per_address_max = 16;
  // Sessions. At the limit the next peer is rejected in the handshake.
  uint32_t sessions_max = 1024;
  // Exported names. At the limit Export() fails with RESOURCE_EXHAUSTED.
  uint32_t exports_max = 1u << 20;
  // Monitors set by one peer. At the limit the next one gets its Down at once, with
  // RESOURCE_EXHAUSTED.
  uint32_t monitors_per_peer_max = 65536;
  // Requests of one peer without an outcome, as announced to it. Further ones fail there; the
  // session with a peer that sends more nevertheless ends.
  uint32_t asks_per_peer_max = 16384;
  // Messages from one peer that cannot be parsed. One more ends the session.
  uint32_t bad_messages_per_session_max = 16;

  // --- Waits. ---

  // The time for a request without Within(), which then fails with DEADLINE_EXCEEDED.
  absl::Duration ask_timeout = absl::Seconds(5);
  // The time at shutdown for actors to stop, and then for running jobs to finish. Late actors are
  // named in the log, the first 20 of each shard, and destroyed; late threads are reported.
  absl::Duration drain_timeout = absl::Seconds(10);
  // The silence after which a peer is pinged.
  absl::Duration heartbeat_idle = absl::Seconds(1);
  // The lateness of a heartbeat tick past which this process is taken to have stood still, and the
  // peer's silence does not count.
  absl::Duration heartbeat_suspect = absl::Seconds(5);
  // The time without a byte from a peer, or without a byte taken by it, after which its session
  // ends.
  absl::Duration heartbeat_dead = absl::Seconds(10);
  // The time for a handshake. Then the connection is closed.
  absl::Duration handshake_timeout = absl::Seconds(5);
  // The time for one attempt to connect, which then fails.
  absl::Duration connect_timeout = absl::Seconds(5);
  // The wait between two attempts to connect doubles from `min` to `max`; a random share of it is
  // waited.
  absl::Duration reconnect_backoff_min = absl::Milliseconds(50);
  absl::Duration reconnect_backoff_max = absl::Seconds(5);
  // The time that a shard without work looks for some before it sleeps.
  absl::Duration spin_before_sleep = absl::Microseconds(50);
  // The most by which a sleeping shard wakes late for a timer; never more than 1/1024 of its wait.
  absl::Duration timer_slack_max = absl::Milliseconds(5);

  // Errors: INVALID_ARGUMENT, with the first field out of range, its value and the range.
  absl::Status Validate() const;

  // Returns one line `name = value` per field, in the order above.
  std::string ToString() const;
};

}  // namespace troupe

#endif  // TROUPE_BASE_LIMITS_H_
