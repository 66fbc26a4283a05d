#ifndef TROUPE_BENCH_ECHO_ACTOR_H_
#define TROUPE_BENCH_ECHO_ACTOR_H_

#include <utility>

#include "bench/echo.troupe.h"
#include "troupe/actors/context.h"
#include "troupe/bench/net_program.h"

namespace troupe::bench {

// The server's actor.
class EchoActor final : public Echo::Actor {
 public:
  Reply<Msg> Call(Context&, const Msg& request) override {
    if (!std::exchange(settled_, true)) UseCubicEverywhere();
    return request;
  }

  Reply<void> Push(Context&, const Msg&) override { return absl::OkStatus(); }

 private:
  bool settled_ = false;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_ECHO_ACTOR_H_
