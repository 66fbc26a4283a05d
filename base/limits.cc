#include "troupe/base/limits.h"

#include <string_view>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "troupe/base/status_macros.h"
#include "troupe/base/text.h"

namespace troupe {
namespace {

constexpr uint64_t kKiB = uint64_t{1} << 10;
constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;
// For what costs memory only when it is used.
constexpr uint32_t kMany = 1u << 28;

// What has a place in a table of ids, which number 2^24 places less one.
constexpr uint32_t kIdsMax = (1u << 24) - 1;

// An actor counts the bytes of its mailbox in 32 bits.
constexpr uint64_t kMailboxBytesMax = 4 * kGiB - 1;

// An actor counts its children in 26 bits.
constexpr uint32_t kChildrenMax = (1u << 26) - 1;

// A shard has some watches of its own: a System must be able to start.
constexpr uint32_t kOwnWatches = 16;

constexpr absl::Duration kMillisecond = absl::Milliseconds(1);
constexpr absl::Duration kDay = absl::Hours(24);

std::string Text(uint64_t value) { return absl::StrCat(value); }
std::string Text(absl::Duration value) { return absl::FormatDuration(value); }

// Calls `visit` with name, value, least and greatest for each field, in the order of declaration.
template <typename Visitor>
void ForEachField(const Limits& limits, Visitor&& visit) {
#define TROUPE_FIELD(name, least, greatest)                                 \
  visit(std::string_view(#name), limits.name, decltype(limits.name){least}, \
        decltype(limits.name){greatest})
  TROUPE_FIELD(actors_per_shard_max, 1, kMany);
  TROUPE_FIELD(mailbox_messages_max, 1, kMany);
  TROUPE_FIELD(mailbox_bytes_max, kKiB, kMailboxBytesMax);
  TROUPE_FIELD(asks_per_shard_max, 1, kIdsMax);
  TROUPE_FIELD(asks_per_actor_max, 1, kIdsMax);
  TROUPE_FIELD(call_chain_depth_max, 1, 1024);
  TROUPE_FIELD(monitors_per_actor_max, 0, kMany);
  TROUPE_FIELD(children_per_actor_max, 0, kChildrenMax);
  TROUPE_FIELD(names_max, 0, kMany);
  TROUPE_FIELD(stream_credit_items, 1, 1u << 20);

  TROUPE_FIELD(turn_messages_max, 1, 1u << 20);
  TROUPE_FIELD(turn_messages_per_actor_max, 1, 1u << 20);
  TROUPE_FIELD(turn_timers_max, 1, 1u << 20);
  TROUPE_FIELD(turn_accepts_max, 1, 1u << 16);
  TROUPE_FIELD(turn_connection_bytes_max, kKiB, kGiB);
  TROUPE_FIELD(turn_inbound_messages_max, 1, 1u << 20);

  TROUPE_FIELD(shard_ring_messages, 1, 1u << 20);
  TROUPE_FIELD(outbox_messages_max, 1, kMany);
  TROUPE_FIELD(outbox_bytes_max, kKiB, 1024 * kGiB);
  TROUPE_FIELD(outbox_control_max, 1, kMany);
  TROUPE_FIELD(inbox_messages_max, 1, 1u << 20);
  TROUPE_FIELD(inbox_bytes_max, kKiB, 1024 * kGiB);

  TROUPE_FIELD(records_per_shard_max, 1, kIdsMax);
  TROUPE_FIELD(watches_per_shard_max, kOwnWatches, kMany);
  TROUPE_FIELD(peer_watches_per_shard_max, 0, kMany);
  TROUPE_FIELD(children_processes_max, 0, 1u << 22);
  TROUPE_FIELD(child_output_bytes_max, 1, kGiB);
  TROUPE_FIELD(child_input_bytes_max, 1, kGiB);
  TROUPE_FIELD(worker_threads_max, 1, 65536);
  TROUPE_FIELD(worker_queue_max, 1, kMany);
  TROUPE_FIELD(blocking_pool_threads, 1, 65536);

  TROUPE_FIELD(frame_bytes_max, kKiB, kGiB);
  TROUPE_FIELD(peer_outbound_bytes_max, kKiB, 1024 * kGiB);
  TROUPE_FIELD(peer_outbound_control_bytes_max, kKiB, 1024 * kGiB);
  TROUPE_FIELD(peer_inbound_bytes_max, kKiB, 1024 * kGiB);
  TROUPE_FIELD(node_inbound_bytes_max, kKiB, 1024 * kGiB);
  TROUPE_FIELD(handshake_bytes_max, 512, kMiB);
  TROUPE_FIELD(unauthenticated_max, 1, 1u << 20);
  TROUPE_FIELD(unauthenticated_per_address_max, 1, 1u << 20);
  TROUPE_FIELD(sessions_max, 1, 1u << 20);
  TROUPE_FIELD(exports_max, 0, kMany);
  TROUPE_FIELD(monitors_per_peer_max, 0, kMany);
  TROUPE_FIELD(asks_per_peer_max, 1, kMany);
  TROUPE_FIELD(bad_messages_per_session_max, 0, kMany);

  TROUPE_FIELD(ask_timeout, kMillisecond, kDay);
  TROUPE_FIELD(drain_timeout, absl::ZeroDuration(), kDay);
  TROUPE_FIELD(heartbeat_idle, kMillisecond, kDay);
  TROUPE_FIELD(heartbeat_suspect, kMillisecond, kDay);
  TROUPE_FIELD(heartbeat_dead, kMillisecond, kDay);
  TROUPE_FIELD(handshake_timeout, kMillisecond, kDay);
  TROUPE_FIELD(connect_timeout, kMillisecond, kDay);
  TROUPE_FIELD(reconnect_backoff_min, kMillisecond, kDay);
  TROUPE_FIELD(reconnect_backoff_max, kMillisecond, kDay);
  TROUPE_FIELD(spin_before_sleep, absl::ZeroDuration(), absl::Seconds(1));
  TROUPE_FIELD(timer_slack_max, absl::ZeroDuration(), absl::Milliseconds(10));
#undef TROUPE_FIELD
}

absl::Status CheckRanges(const Limits& limits) {
  absl::Status first;
  ForEachField(limits, [&](std::string_view name, auto value, auto least, auto greatest) {
    if (!first.ok() || (least <= value && value <= greatest)) return;
    first = absl::InvalidArgumentError(absl::StrCat("limit ", AbslView(name), " is ", Text(value),
                                                    ", not from ", Text(least), " to ",
                                                    Text(greatest)));
  });
  return first;
}

// One field of a pair that must be in order.
template <typename Value>
struct Named {
  std::string_view name;
  Value value;
};

template <typename Value>
absl::Status OutOfOrder(Named<Value> low, std::string_view relation, Named<Value> high) {
  return absl::InvalidArgumentError(
      absl::StrCat("limit ", AbslView(low.name), " is ", Text(low.value), ", not ",
                   AbslView(relation), " ", AbslView(high.name), ", which is ", Text(high.value)));
}

template <typename Value>
absl::Status CheckAtMost(Named<Value> low, Named<std::type_identity_t<Value>> high) {
  if (low.value <= high.value) return absl::OkStatus();
  return OutOfOrder<Value>(low, "at most", high);
}

template <typename Value>
absl::Status CheckBelow(Named<Value> low, Named<std::type_identity_t<Value>> high) {
  if (low.value < high.value) return absl::OkStatus();
  return OutOfOrder<Value>(low, "below", high);
}

absl::Status CheckOrders(const Limits& limits) {
#define TROUPE_NAMED(name) Named<decltype(limits.name)>{#name, limits.name}
#define TROUPE_AT_MOST(low, high) \
  TROUPE_RETURN_IF_ERROR(CheckAtMost(TROUPE_NAMED(low), TROUPE_NAMED(high)))
#define TROUPE_BELOW(low, high) \
  TROUPE_RETURN_IF_ERROR(CheckBelow(TROUPE_NAMED(low), TROUPE_NAMED(high)))
  TROUPE_AT_MOST(asks_per_actor_max, asks_per_shard_max);
  TROUPE_AT_MOST(turn_messages_per_actor_max, turn_messages_max);
  TROUPE_AT_MOST(blocking_pool_threads, worker_threads_max);
  TROUPE_AT_MOST(handshake_bytes_max, frame_bytes_max);
  TROUPE_AT_MOST(frame_bytes_max, peer_outbound_bytes_max);
  TROUPE_AT_MOST(frame_bytes_max, peer_inbound_bytes_max);
  TROUPE_AT_MOST(peer_inbound_bytes_max, node_inbound_bytes_max);
  TROUPE_AT_MOST(unauthenticated_per_address_max, unauthenticated_max);
  TROUPE_BELOW(heartbeat_idle, heartbeat_suspect);
  TROUPE_BELOW(heartbeat_suspect, heartbeat_dead);
  TROUPE_AT_MOST(reconnect_backoff_min, reconnect_backoff_max);
#undef TROUPE_BELOW
#undef TROUPE_AT_MOST
#undef TROUPE_NAMED
  return absl::OkStatus();
}

}  // namespace

absl::Status Limits::Validate() const {
  TROUPE_RETURN_IF_ERROR(CheckRanges(*this));
  return CheckOrders(*this);
}

std::string Limits::ToString() const {
  std::string text;
  ForEachField(*this, [&text](std::string_view name, auto value, auto, auto) {
    absl::StrAppend(&text, AbslView(name), " = ", Text(value), "\n");
  });
  return text;
}

}  // namespace troupe
