// Item 6: an actor arms a million timers, cancels nine of ten and waits for the others; after one
// round without waiting, so that the timers' memory is resident, as that of the other programs is.

#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/base/check.h"
#include "troupe/bench/bench_system.h"
#include "troupe/bench/inproc_items.h"
#include "troupe/bench/report.h"
#include "troupe/bench/stopwatch.h"
#include "troupe/bench/usage.h"
#include "troupe/bench/workload.h"

namespace troupe::bench {
namespace {

struct Due {
  int64_t value;
};

struct TimerTimes {
  Stopwatch first_arming;
  Stopwatch arming;
  Stopwatch cancelling;
  Stopwatch waiting;
};

class Waiter : public Actor {
 public:
  explicit Waiter(TimerTimes* times) : times_(times), ids_(kTimers) {
    for (const int64_t nanos : TimerDelaysNanos()) delays_.push_back(absl::Nanoseconds(nanos));
  }

  Reply<void> OnStart(Context& cx) override {
    times_->first_arming.Begin();
    ArmAll(cx);
    times_->first_arming.End();
    for (const TimerId id : ids_) cx.Cancel(id);
    cpu_before_seconds_ = ProcessCpuSeconds();
    times_->arming.Begin();
    ArmAll(cx);
    times_->arming.End();
    times_->cancelling.Begin();
    for (int64_t i = 0; i < kTimers; ++i) {
      if (i % kTimersPerSurvivor != 0) cx.Cancel(ids_[i]);
    }
    times_->cancelling.End();
    times_->waiting.Begin();
    return absl::OkStatus();
  }

  void On(Context&, const Due& due) {
    TROUPE_CHECK(due.value % kTimersPerSurvivor == 0);
    if (--left_ > 0) return;
    Report("6", kPeer, "cpu_s", ProcessCpuSeconds() - cpu_before_seconds_);
    times_->waiting.End();
  }

 private:
  void ArmAll(Context& cx) {
    for (int64_t i = 0; i < kTimers; ++i) ids_[i] = cx.After(this, delays_[i], Due{i});
  }

  TimerTimes* const times_;
  std::vector<absl::Duration> delays_;
  std::vector<TimerId> ids_;
  int64_t left_ = kTimerSurvivors;
  double cpu_before_seconds_ = 0;
};

}  // namespace

void RunTimers() {
  TimerTimes times;
  const std::unique_ptr<System> system = StartBenchSystem(1);
  system->Spawn<Waiter>({}, &times);
  constexpr int64_t kCancelled = kTimers - kTimerSurvivors;
  Report("6", kPeer, "ns_per_first_arm", times.first_arming.AwaitSeconds() * 1e9 / kTimers);
  Report("6", kPeer, "ns_per_arm", times.arming.AwaitSeconds() * 1e9 / kTimers);
  Report("6", kPeer, "ns_per_cancel", times.cancelling.AwaitSeconds() * 1e9 / kCancelled);
  times.waiting.AwaitSeconds();
}

}  // namespace troupe::bench
