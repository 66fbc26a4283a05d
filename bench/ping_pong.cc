// Items 1a and 1b: one message goes back and forth between two actors.

#include <memory>

#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/bench/bench_system.h"
#include "troupe/bench/inproc_items.h"
#include "troupe/bench/latencies.h"
#include "troupe/bench/report.h"
#include "troupe/bench/stopwatch.h"
#include "troupe/bench/usage.h"
#include "troupe/bench/workload.h"

namespace troupe::bench {
namespace {

class Server;
class Caller;

struct Ping {
  int64_t value;
  Ref<Caller> from;
};
struct Pong {
  int64_t value;
};

class Server : public Actor {
 public:
  void On(Context& cx, const Ping& ping);
};

// Sends the next ping when the last one is answered. With `latencies` it times each.
class Caller : public Actor {
 public:
  Caller(Ref<Server> server, int64_t round_trips, Stopwatch* stopwatch, Latencies* latencies)
      : server_(server), left_(round_trips), stopwatch_(stopwatch), latencies_(latencies) {}

  Reply<void> OnStart(Context& cx) override {
    stopwatch_->Begin();
    if (latencies_ != nullptr) sent_nanos_ = MonotonicNanos();
    server_.Send(Ping{0, cx.Self(this)});
    return absl::OkStatus();
  }

  void On(Context& cx, const Pong& pong) {
    if (latencies_ != nullptr) AddLatency();
    if (--left_ == 0) {
      stopwatch_->End();
      return;
    }
    server_.Send(Ping{pong.value + 1, cx.Self(this)});
  }

 private:
  void AddLatency() {
    const int64_t now_nanos = MonotonicNanos();
    latencies_->Add(now_nanos - sent_nanos_);
    sent_nanos_ = now_nanos;
  }

  const Ref<Server> server_;
  int64_t left_;
  int64_t sent_nanos_ = 0;
  Stopwatch* const stopwatch_;
  Latencies* const latencies_;
};

void Server::On(Context&, const Ping& ping) { ping.from.Send(Pong{ping.value}); }

}  // namespace

void RunLocalPingPong() {
  Stopwatch stopwatch;
  const std::unique_ptr<System> system = StartBenchSystem(1);
  const Ref<Server> server = system->Spawn<Server>({});
  system->Spawn<Caller>({}, server, kLocalRoundTrips, &stopwatch, nullptr);
  Report("1a", kPeer, "rt_per_s", kLocalRoundTrips / stopwatch.AwaitSeconds());
}

void RunCrossPingPong() {
  Stopwatch stopwatch;
  Latencies latencies(kCrossRoundTrips);
  const std::unique_ptr<System> system = StartBenchSystem(2);
  const Ref<Server> server = system->Spawn<Server>({.placement = Placement::OnShard(1)});
  system->Spawn<Caller>({.placement = Placement::OnShard(0)}, server, kCrossRoundTrips, &stopwatch,
                        &latencies);
  stopwatch.AwaitSeconds();
  Report("1b", kPeer, "p50_ns", latencies.Quantile(0.5));
  Report("1b", kPeer, "p99_ns", latencies.Quantile(0.99));
}

}  // namespace troupe::bench
