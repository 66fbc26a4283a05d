#ifndef TROUPE_ACTORS_EVENTS_H_
#define TROUPE_ACTORS_EVENTS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/poller.h"

namespace troupe {

// Events that an actor receives as messages once it has asked for them and has an On() for them.

// A watched descriptor is ready for `events`, a set of FdEvents. The next FdReady of a watch is
// sent only after the handler of this one has ended. A watch that could not be made sends one, with
// kError and `status`.
struct FdReady {
  int fd = -1;
  uint32_t events = 0;
  FdWatchId watch;
  absl::Status status = absl::OkStatus();
};

// A monitored actor has ended, or had already. Exactly one is sent for each Monitor() without a
// Demonitor(), after every message from that actor to this one.
struct Down {
  AnyRef who;
  absl::Status status;  // The reason in words; OK after a normal end.
  MonitorId monitor;
  StopReason reason = StopReason::kStopped;
};

// A subscribed signal was raised, once or several times.
struct SignalRaised {
  int signal = 0;
  int sender_pid = 0;  // 0 for the kernel.
  SubscriptionId subscription;
};

// Bytes that a child wrote. The next ChildOutput is sent only after the handler of this one has
// ended.
struct ChildOutput {
  ChildId child;
  bool is_stderr = false;
  std::string bytes;
};

// Space for input is free again, or the child has closed its input. Sent once after each
// WriteChild() that was refused for lack of space.
struct ChildInputRoom {
  ChildId child;
};

// A child has ended. No other event of this child follows.
struct ChildExited {
  ChildId child;
  int pid = 0;
  ChildStatus status;
};

// A one-way message that this actor sent was accepted, then refused where it arrived. Not sent
// while the actor's own mailbox is full: the counters (`undelivered`, `dead_letters`) miss none.
// Threads that are no shard's get none.
struct Undelivered {
  AnyRef target;
  std::string_view message;  // The message's type.
  absl::StatusCode reason = absl::StatusCode::kUnavailable;
  Tag tag;  // That the sender gave the message.
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_EVENTS_H_
