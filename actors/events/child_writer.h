#ifndef TROUPE_ACTORS_EVENTS_CHILD_WRITER_H_
#define TROUPE_ACTORS_EVENTS_CHILD_WRITER_H_

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "troupe/actors/coroutines/coroutine_frame.h"
#include "troupe/actors/coroutines/suspension.h"
#include "troupe/actors/events/child_input_waiter.h"
#include "troupe/actors/ids.h"

namespace troupe {

// What Context::WriteChildAll gives to co_await.
//
// Lifetime: while it waits it is in its child's list, which the child's end empties.
class ChildWriter final : private internal::Suspension, private internal::ChildInputWaiter {
 public:
  using TroupeAwait = void;

  ChildWriter(ChildId child, std::string bytes) : child_(child), bytes_(std::move(bytes)) {}
  ~ChildWriter();

  bool await_ready();
  template <std::derived_from<internal::CoroutineFrame> P>
  void await_suspend(std::coroutine_handle<P> handle) {
    Begin(handle.promise());
  }
  absl::Status await_resume() { return std::move(status_); }

 private:
  void Begin(internal::CoroutineFrame& frame);
  // Writes what fits. True when nothing is left to write, or nobody to write it to.
  bool Write(internal::ChildRecord& record);
  void OnRoom(internal::ChildRecord& record) override;
  void OnEnd() override;
  bool Cancel() override;
  void StopWaiting() override;

  const ChildId child_;
  const std::string bytes_;
  size_t written_bytes_ = 0;
  absl::Status status_;
  internal::ChildRecord* record_ = nullptr;  // While it waits.
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_EVENTS_CHILD_WRITER_H_
