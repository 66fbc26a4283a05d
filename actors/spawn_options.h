#ifndef TROUPE_ACTORS_SPAWN_OPTIONS_H_
#define TROUPE_ACTORS_SPAWN_OPTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace troupe {

// What happens to a message for a full mailbox.
enum class Overflow : uint8_t {
  kReject,  // Refused: the sender gets kFull, Undelivered or RESOURCE_EXHAUSTED.
  // The oldest one-way message becomes a dead letter. Acts as kReject if there is none among the
  // first 64 that wait: requests and events are never dropped. So it does for what the destructor
  // of a dropped message sends.
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
  kOnFailure,  // After an exception in a handler, or a failed start.
};

std::string_view ToString(RestartKind kind);

// How an actor that failed is restarted. A time that is out of range refuses the spawn.
//
// The new life has the handle, the name, the mailbox and the constructor's arguments of the old
// one. The message that failed, handlers that waited, timers, monitors, watches, subscriptions,
// child actors and child processes are gone. Who monitors the actor hears of its end alone, not of
// restarts; the counters and the log have those.
struct RestartOptions {
  RestartKind kind = RestartKind::kOnFailure;
  uint32_t max = 5;                           // Restarts ...
  absl::Duration within = absl::Seconds(30);  // ... in this time; one more failure ends the actor.
  // Doubled at each successive failure, up to backoff_max; half of it or less is jitter.
  absl::Duration backoff_min = absl::Milliseconds(100);
  absl::Duration backoff_max = absl::Seconds(30);
};

// The shard that an actor lives on. Default: its spawner's shard or, outside of any actor, each
// shard in turn.
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

// Errors: INVALID_ARGUMENT naming the first option that makes no sense.
absl::Status Validate(const SpawnOptions& options);

// What `{}` becomes rather than SpawnOptions, where a function takes either.
enum class NoOptions : uint8_t {};

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_SPAWN_OPTIONS_H_
