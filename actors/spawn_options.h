#ifndef TROUPE_ACTORS_SPAWN_OPTIONS_H_
#define TROUPE_ACTORS_SPAWN_OPTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace troupe {

// What a full mailbox does with one more message.
enum class Overflow : uint8_t {
  kReject,  // The sender is told: kFull, Undelivered or RESOURCE_EXHAUSTED.
  // The oldest one-way message becomes a dead letter. As kReject when there is none among the
  // first 64 that wait: requests and events are not dropped.
  kDropOldest,
};

std::string_view ToString(Overflow overflow);

struct MailboxOptions {
  uint32_t messages_max = 0;  // Default: limits.mailbox_messages_max.
  uint64_t bytes_max = 0;     // Default: limits.mailbox_bytes_max. Below 4 GiB.
  Overflow overflow = Overflow::kReject;
};

enum class RestartKind : uint8_t {
  kNever,
  kOnFailure,  // After an exception in a handler or a start that failed.
};

std::string_view ToString(RestartKind kind);

// How an actor that failed is restarted.
struct RestartOptions {
  RestartKind kind = RestartKind::kOnFailure;
  uint32_t max = 5;                                      // Restarts ...
  absl::Duration within = absl::Seconds(30);             // ... in this time; then it ends.
  absl::Duration backoff_min = absl::Milliseconds(100);  // Doubled at each failure in a row, up to
  absl::Duration backoff_max = absl::Seconds(30);        // this; half of it or less is jitter.
};

// Where an actor lives. Default: on its spawner's shard; from outside, on the shards in turn.
struct Placement {
  int shard = -1;

  static Placement OnShard(int index) { return {.shard = index}; }
};

struct SpawnOptions {
  std::string name = {};  // Default: none. Unique among the system's living actors.
  MailboxOptions mailbox = {};
  RestartOptions restart = {};
  Placement placement = {};
};

namespace internal {

constexpr bool IsDefault(const RestartOptions& options) {
  constexpr RestartOptions kDefault;
  return options.kind == kDefault.kind && options.max == kDefault.max &&
         options.within == kDefault.within && options.backoff_min == kDefault.backoff_min &&
         options.backoff_max == kDefault.backoff_max;
}

// Nothing is set: inline, so that the compiler knows where a spawn says so.
inline bool IsPlain(const SpawnOptions& options) {
  return options.name.empty() && options.placement.shard < 0 && options.mailbox.messages_max == 0 &&
         options.mailbox.bytes_max == 0 && options.mailbox.overflow == Overflow::kReject &&
         IsDefault(options.restart);
}

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_SPAWN_OPTIONS_H_
