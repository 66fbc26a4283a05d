#ifndef TROUPE_ACTORS_EVENTS_SLEEPER_H_
#define TROUPE_ACTORS_EVENTS_SLEEPER_H_

#include <concepts>
#include <coroutine>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "troupe/actors/coroutines/coroutine_frame.h"
#include "troupe/actors/coroutines/suspension.h"
#include "troupe/loop/timer_wheel.h"

namespace troupe {

// The outcome of a Sleep. It may be ignored.
class Slept {
 public:
  explicit Slept(bool cancelled) : cancelled_(cancelled) {}

  // False when the handler was cancelled before the time was over.
  bool ok() const { return !cancelled_; }
  operator absl::Status() const {  // NOLINT: for TROUPE_CO_RETURN_IF_ERROR.
    return cancelled_ ? absl::CancelledError("cancelled while sleeping") : absl::OkStatus();
  }

 private:
  bool cancelled_;
};

// What Context::Sleep gives to co_await.
class Sleeper final : private TimerNode, private internal::Suspension {
 public:
  using TroupeAwait = void;

  explicit Sleeper(absl::Duration duration) : duration_(duration) {}
  ~Sleeper();

  bool await_ready() const { return false; }
  template <std::derived_from<internal::CoroutineFrame> P>
  void await_suspend(std::coroutine_handle<P> handle) {
    Begin(handle.promise());
  }
  Slept await_resume() { return Slept(cancelled_); }

 private:
  void Begin(internal::CoroutineFrame& frame);
  void OnTimer() override;
  bool Cancel() override;
  void StopWaiting() override;

  const absl::Duration duration_;
  bool cancelled_ = false;
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_EVENTS_SLEEPER_H_
