#ifndef TROUPE_TESTS_ACTORS_WAITER_H_
#define TROUPE_TESTS_ACTORS_WAITER_H_

#include <cstddef>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stop_reason.h"

namespace troupe::test {

// Takes each event in a handler that may wait.
class Waiter : public Actor {
 public:
  using OnAny = std::function<Reply<void>(Waiter&, Context&)>;
  explicit Waiter(OnAny on_any, OnAny on_stop = {})
      : on_any_(std::move(on_any)), on_stop_(std::move(on_stop)) {}

  Reply<void> OnStop(Context& cx, StopReason) override {
    if (!on_stop_) return absl::OkStatus();
    return on_stop_(*this, cx);
  }

  Reply<void> On(Context& cx, const std::function<void(Waiter&, Context&)>& run) {
    run(*this, cx);
    return absl::OkStatus();
  }
  Reply<void> On(Context& cx, const FdReady&) { return on_any_(*this, cx); }
  Reply<void> On(Context& cx, const SignalRaised&) { return on_any_(*this, cx); }
  Reply<void> On(Context& cx, const ChildOutput&) { return on_any_(*this, cx); }
  void On(Context&, const ChildExited&) {}

 private:
  const OnAny on_any_;
  const OnAny on_stop_;
};
using WaiterDo = std::function<void(Waiter&, Context&)>;

}  // namespace troupe::test

#endif  // TROUPE_TESTS_ACTORS_WAITER_H_
