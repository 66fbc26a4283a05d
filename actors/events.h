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

// Events that reach an actor as messages, if it has an On() for them and asked.

// A watched descriptor is ready: FdEvents of it. One at a time: the next comes once the handler
// of this one has ended. A watch that could not be made comes once with kError and `status`.
struct FdReady {
  int fd = -1;
  uint32_t events = 0;
  FdWatchId watch;
  absl::Status status = absl::OkStatus();
};

// A monitored actor ended, or was gone already. Exactly one for each Monitor() without a
// Demonitor(), after every message that actor sent to this one.
struct Down {
  AnyRef who;
  absl::Status status;  // Why, in words; OK for a normal end.
  MonitorId monitor;
  StopReason reason = StopReason::kStopped;
};

// A subscribed signal came; several may have been coalesced.
struct SignalRaised {
  int signal = 0;
  int sender_pid = 0;  // 0: the kernel.
  SubscriptionId subscription;
};

// Some bytes a child wrote. The next come once the handler of these has ended.
struct ChildOutput {
  ChildId child;
  bool is_stderr = false;
  std::string bytes;
};

// A child has room for input again, or has closed it: once after each WriteChild() that was refused
// for lack of room.
struct ChildInputRoom {
  ChildId child;
};

// A child ended; nothing of it comes after this.
struct ChildExited {
  ChildId child;
  int pid = 0;
  ChildStatus status;
};

// A one-way message of this actor that was accepted was refused where it arrived.
struct Undelivered {
  AnyRef target;
  std::string_view message;  // The message's type.
  absl::StatusCode reason = absl::StatusCode::kUnavailable;
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_EVENTS_H_
