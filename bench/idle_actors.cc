// Item 5: a million actors that have nothing to do are spawned and then stopped.

#include <memory>

#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/bench/bench_system.h"
#include "troupe/bench/inproc_items.h"
#include "troupe/bench/report.h"
#include "troupe/bench/stopwatch.h"
#include "troupe/bench/usage.h"
#include "troupe/bench/workload.h"

namespace troupe::bench {
namespace {

struct Nudge {
  int64_t value;
};

// The last one to start ends the stopwatch.
class Idler : public Actor {
 public:
  Idler(int64_t* left, Stopwatch* spawned) {
    if (--*left == 0) spawned->End();
  }

  void On(Context&, const Nudge& nudge) { sum_ += nudge.value; }

 private:
  int64_t sum_ = 0;
};

class Nursery : public Actor {
 public:
  Nursery(Stopwatch* spawned, Stopwatch* stopped) : spawned_(spawned), stopped_(stopped) {}

  struct Empty {};

  Reply<void> OnStart(Context& cx) override {
    spawned_->Begin();
    for (int64_t i = 0; i < kIdleActors; ++i) cx.Spawn<Idler>({}, &left_, spawned_);
    return absl::OkStatus();
  }

  // Its children end before it does.
  void On(Context& cx, const Empty&) {
    stopped_->Begin();
    cx.Stop();
  }

  Reply<void> OnStop(Context&, StopReason) override {
    stopped_->End();
    return absl::OkStatus();
  }

 private:
  int64_t left_ = kIdleActors;
  Stopwatch* const spawned_;
  Stopwatch* const stopped_;
};

}  // namespace

void RunIdleActors() {
  Stopwatch spawned;
  Stopwatch stopped;
  const std::unique_ptr<System> system = StartBenchSystem(1);
  const size_t resident_before_bytes = ResidentBytes();
  const Ref<Nursery> nursery = system->Spawn<Nursery>({}, &spawned, &stopped);
  Report("5", kPeer, "spawn_per_s", kIdleActors / spawned.AwaitSeconds());
  Report("5", kPeer, "bytes_per_idle_actor",
         static_cast<double>(ResidentBytes() - resident_before_bytes) / kIdleActors);
  nursery.Send(Nursery::Empty{});
  Report("5", kPeer, "kill_per_s", kIdleActors / stopped.AwaitSeconds());
}

}  // namespace troupe::bench
