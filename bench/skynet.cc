// Item 4: a tree of actors, each with ten children down to a million leaves, sums up its leaves'
// numbers.

#include <memory>

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

struct Sum {
  int64_t value;
};

// Over the leaves [first, first + leaves).
class Branch : public Actor {
 public:
  Branch(Ref<Branch> parent, int64_t first, int64_t leaves, Stopwatch* stopwatch)
      : parent_(parent), first_(first), leaves_(leaves), stopwatch_(stopwatch) {}

  Reply<void> OnStart(Context& cx) override {
    if (!parent_) stopwatch_->Begin();
    if (leaves_ == 1) {
      Finish(cx, first_);
    } else {
      SpawnChildren(cx);
    }
    return absl::OkStatus();
  }

  void On(Context& cx, const Sum& sum) {
    sum_ += sum.value;
    if (--children_left_ == 0) Finish(cx, sum_);
  }

 private:
  void SpawnChildren(Context& cx) {
    const int64_t step = leaves_ / kSkynetChildren;
    for (int i = 0; i < kSkynetChildren; ++i) {
      cx.Spawn<Branch>({}, cx.Self(this), first_ + i * step, step, stopwatch_);
    }
  }

  void Finish(Context& cx, int64_t sum) {
    if (parent_) {
      parent_.Send(Sum{sum});
      cx.Stop();
      return;
    }
    stopwatch_->End();
    TROUPE_CHECK(sum == kSkynetSum);
  }

  const Ref<Branch> parent_;
  const int64_t first_;
  const int64_t leaves_;
  int64_t sum_ = 0;
  int children_left_ = kSkynetChildren;
  Stopwatch* const stopwatch_;
};

}  // namespace

void RunSkynet() {
  Stopwatch stopwatch;
  const std::unique_ptr<System> system = StartBenchSystem(1);
  system->Spawn<Branch>({}, Ref<Branch>(), int64_t{0}, kSkynetLeaves, &stopwatch);
  Report("4", kPeer, "s", stopwatch.AwaitSeconds());
  Report("4", kPeer, "peak_rss_mb", static_cast<double>(PeakResidentBytes()) / (1 << 20));
}

}  // namespace troupe::bench
