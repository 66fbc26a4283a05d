#ifndef TROUPE_ACTORS_EVENTS_CHILD_RECORD_H_
#define TROUPE_ACTORS_EVENTS_CHILD_RECORD_H_

#include <algorithm>
#include <deque>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "troupe/actors/events/child_input_waiter.h"
#include "troupe/actors/events/event_record.h"
#include "troupe/actors/ids.h"
#include "troupe/loop/child_process.h"

namespace troupe::internal {

// The messages in which an actor learns about its children; null for one that it has no On() for.
struct ChildMessages {
  const MessageType* output = nullptr;
  const MessageType* exited = nullptr;
  const MessageType* input_room = nullptr;
};

// One actor's child process. It lives as long as the actor, its OnStop included.
//
// Bounds: one message of standard output and one of standard error wait for the actor, and what
//         was in the pipes when the child ended.
class ChildRecord final : public EventRecord, private ChildHandler {
 public:
  // That of the actor in `cell`.
  // Errors: NOT_FOUND.
  static absl::StatusOr<ChildRecord*> Find(ChildId child, const Cell* cell);

  explicit ChildRecord(const ChildMessages& messages) : messages_(messages) {}
  ~ChildRecord() override;

  absl::Status Begin(const ChildOptions& options);
  ChildProcess* process() { return process_.get(); }

  // Errors: those of ChildProcess::WriteInput(). Without room, one ChildInputRoom follows.
  absl::Status Write(std::string_view bytes);

  // Oldest first.
  bool has_waiters() const { return !waiters_.empty(); }
  void AddWaiter(ChildInputWaiter& waiter) { waiters_.push_back(&waiter); }
  // At once if it is the oldest.
  void RemoveWaiter(ChildInputWaiter& waiter) {
    const auto at = std::find(waiters_.begin(), waiters_.end(), &waiter);
    if (at != waiters_.end()) waiters_.erase(at);
  }

  // The record ends with ChildExited: the last event.
  bool BeforeHandler(Envelope& envelope) override;
  void AfterHandler() override;
  bool OutlivesOnStop() const override { return true; }
  // Nobody handles output from now on, and the child must not wait for it.
  void OnActorStops() override;

 private:
  enum class Handling { kNothing, kOutput, kError };

  void OnChildOutput(bool is_stderr, std::string_view bytes) override;
  void OnChildExited(const ChildStatus& status) override;
  void OnChildInputRoom() override;

  const ChildMessages messages_;
  int pid_ = 0;
  Handling handling_ = Handling::kNothing;
  bool wants_room_message_ = false;
  std::deque<ChildInputWaiter*> waiters_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_EVENTS_CHILD_RECORD_H_
