// The floor of the items that make actors and timers by the million.

#include <unistd.h>

#include <memory>
#include <vector>

#include "troupe/base/check.h"
#include "troupe/bench/floor_core.h"
#include "troupe/bench/floor_items.h"
#include "troupe/bench/report.h"
#include "troupe/bench/stopwatch.h"
#include "troupe/bench/usage.h"
#include "troupe/bench/workload.h"

namespace troupe::bench {
namespace {

class Branch;

struct Forest {
  FloorCore core{FloorCore::Order::kNewestFirst};
  FloorPool<Branch> branches;
  int64_t sum = 0;
};

// Its first message tells it to grow; the others are its children's sums.
class Branch : public FloorActor {
 public:
  Branch(Forest* forest, Branch* parent, int64_t first, int64_t leaves)
      : forest_(forest), parent_(parent), first_(first), leaves_(leaves) {}

  bool On(const FloorMessage& message) override {
    if (children_left_ < 0) return Grow();
    sum_ += message.value;
    return --children_left_ > 0 || Finish(sum_);
  }

 private:
  bool Grow() {
    if (leaves_ == 1) return Finish(first_);
    children_left_ = kSkynetChildren;
    const int64_t step = leaves_ / kSkynetChildren;
    for (int i = 0; i < kSkynetChildren; ++i) {
      forest_->core.Send(*forest_->branches.New(forest_, this, first_ + i * step, step), 0);
    }
    return true;
  }

  bool Finish(int64_t sum) {
    if (parent_ != nullptr) {
      forest_->core.Send(*parent_, sum);
    } else {
      forest_->sum = sum;
    }
    forest_->branches.Delete(this);
    return false;
  }

  Forest* const forest_;
  Branch* const parent_;
  const int64_t first_;
  const int64_t leaves_;
  int64_t sum_ = 0;
  int children_left_ = -1;
};

class Idler : public FloorActor {
 public:
  bool On(const FloorMessage& message) override {
    sum_ += message.value;
    return true;
  }

 private:
  int64_t sum_ = 0;
};

struct Timer {
  Timer* next = nullptr;
  Timer* prev = nullptr;
  int64_t due_nanos = 0;
};

// A hashed wheel: one list a millisecond, of which each turn of the wheel has 16384.
class Wheel {
 public:
  Wheel() : lists_(kLists), tick_(MonotonicNanos() / kTickNanos) {
    for (Timer& list : lists_) list.next = list.prev = &list;
  }

  void Arm(Timer& timer, int64_t due_nanos) {
    Timer& list = ListOf(due_nanos / kTickNanos);
    timer.due_nanos = due_nanos;
    timer.next = &list;
    timer.prev = list.prev;
    list.prev->next = &timer;
    list.prev = &timer;
  }

  static void Cancel(Timer& timer) {
    timer.next->prev = timer.prev;
    timer.prev->next = timer.next;
  }

  // Returns how many timers fired.
  int64_t Advance(int64_t now_nanos) {
    int64_t fired = 0;
    for (; tick_ <= now_nanos / kTickNanos; ++tick_) {
      Timer& list = ListOf(tick_);
      for (Timer* timer = list.next; timer != &list;) {
        Timer* const next = timer->next;
        if (timer->due_nanos <= now_nanos) {
          Cancel(*timer);
          ++fired;
        }
        timer = next;
      }
    }
    return fired;
  }

  static void SleepOneTick() { usleep(kTickNanos / 1000); }

 private:
  static constexpr int64_t kLists = 16384;
  static constexpr int64_t kTickNanos = 1'000'000;

  Timer& ListOf(int64_t tick) { return lists_[static_cast<size_t>(tick % kLists)]; }

  std::vector<Timer> lists_;
  int64_t tick_;
};

double NanosEach(Stopwatch& stopwatch, int64_t count) {
  return stopwatch.AwaitSeconds() * 1e9 / static_cast<double>(count);
}

}  // namespace

void RunFloorSkynet() {
  Forest forest;
  Stopwatch stopwatch;
  stopwatch.Begin();
  forest.core.Send(*forest.branches.New(&forest, nullptr, 0, kSkynetLeaves), 0);
  forest.core.Run();
  stopwatch.End();
  TROUPE_CHECK(forest.sum == kSkynetSum);
  Report("4", kFloor, "s", stopwatch.AwaitSeconds());
  Report("4", kFloor, "peak_rss_mb", static_cast<double>(PeakResidentBytes()) / (1 << 20));
}

void RunFloorIdleActors() {
  FloorPool<Idler> pool;
  // Written to, so that its pages are resident already.
  std::vector<Idler*> idlers(kIdleActors);
  const size_t resident_before_bytes = ResidentBytes();
  Stopwatch spawning;
  spawning.Begin();
  for (Idler*& idler : idlers) idler = pool.New();
  spawning.End();
  Report("5", kFloor, "spawn_per_s", kIdleActors / spawning.AwaitSeconds());
  Report("5", kFloor, "bytes_per_idle_actor",
         static_cast<double>(ResidentBytes() - resident_before_bytes) / kIdleActors);
  Stopwatch killing;
  killing.Begin();
  for (Idler* const idler : idlers) pool.Delete(idler);
  killing.End();
  Report("5", kFloor, "kill_per_s", kIdleActors / killing.AwaitSeconds());
}

void RunFloorTimers() {
  std::vector<Timer> timers(kTimers);
  const std::vector<int64_t> delays_nanos = TimerDelaysNanos();
  Wheel wheel;
  const double cpu_before_seconds = ProcessCpuSeconds();
  const int64_t now_nanos = MonotonicNanos();
  Stopwatch arming;
  arming.Begin();
  for (size_t i = 0; i < timers.size(); ++i) wheel.Arm(timers[i], now_nanos + delays_nanos[i]);
  arming.End();
  Stopwatch cancelling;
  cancelling.Begin();
  for (size_t i = 0; i < timers.size(); ++i) {
    if (i % kTimersPerSurvivor != 0) Wheel::Cancel(timers[i]);
  }
  cancelling.End();
  for (int64_t left = kTimerSurvivors; left > 0; left -= wheel.Advance(MonotonicNanos())) {
    Wheel::SleepOneTick();
  }
  Report("6", kFloor, "ns_per_arm", NanosEach(arming, kTimers));
  Report("6", kFloor, "ns_per_cancel", NanosEach(cancelling, kTimers - kTimerSurvivors));
  Report("6", kFloor, "cpu_s", ProcessCpuSeconds() - cpu_before_seconds);
}

}  // namespace troupe::bench
