// Item 15: how long an actor is held up when something large ends on its shard or on the other one.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "bench/slow.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/call.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/stream.h"
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

struct Beat {};
struct Finish {};

// Runs whenever its shard lets it, and keeps the longest time that it did not.
//
// In processor time of its shard: what else the machine does holds nobody up here.
class Neighbour : public Actor {
 public:
  explicit Neighbour(std::atomic<int64_t>* worst_nanos) : worst_nanos_(worst_nanos) {}

  Reply<void> OnStart(Context& cx) override {
    last_nanos_ = ThreadCpuNanos();
    cx.Self(this).Send(Beat{});
    return absl::OkStatus();
  }
  void On(Context& cx, const Beat&) {
    const int64_t now_nanos = ThreadCpuNanos();
    const int64_t gap_nanos = now_nanos - std::exchange(last_nanos_, now_nanos);
    if (gap_nanos > worst_nanos_->load(std::memory_order_relaxed)) {
      worst_nanos_->store(gap_nanos, std::memory_order_relaxed);
    }
    cx.Self(this).Send(Beat{});
  }

 private:
  std::atomic<int64_t>* const worst_nanos_;
  int64_t last_nanos_ = 0;
};

// A neighbour on each of two shards.
class Neighbourhood {
 public:
  explicit Neighbourhood(System& system) {
    for (int shard = 0; shard < 2; ++shard) {
      system.Spawn<Neighbour>({.placement = Placement::OnShard(shard)},
                              &worst_nanos_[static_cast<size_t>(shard)]);
    }
  }

  // What is measured begins here; what was set up before does not count.
  void Begin() {
    for (auto& worst : worst_nanos_) worst.store(0, std::memory_order_relaxed);
  }
  double WorstMillis() const {
    return static_cast<double>(std::max(worst_nanos_[0].load(), worst_nanos_[1].load())) / 1e6;
  }

 private:
  std::atomic<int64_t> worst_nanos_[2] = {};
};

// Counts down to the end of what is measured.
struct Countdown {
  explicit Countdown(int64_t count) : left(count) { stopwatch.Begin(); }

  void One() {
    if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) stopwatch.End();
  }

  std::atomic<int64_t> left;
  Stopwatch stopwatch;
};

// --- An actor with very many monitors. ---

class Watched : public Actor {
 public:
  void On(Context& cx, const Finish&) { cx.Stop(); }
};

class Watcher : public Actor {
 public:
  Watcher(AnyRef watched, int64_t count, Countdown* begun, Countdown* told)
      : watched_(watched), count_(count), begun_(begun), told_(told) {}

  Reply<void> OnStart(Context& cx) override {
    for (int64_t i = 0; i < count_; ++i) cx.Monitor(this, watched_);
    begun_->One();
    return absl::OkStatus();
  }
  void On(Context&, const Down&) { told_->One(); }

 private:
  const AnyRef watched_;
  const int64_t count_;
  Countdown* const begun_;
  Countdown* const told_;
};

void RunMonitorsStall() {
  Countdown begun(kStallWatchers);
  Countdown told(kStallMonitors);
  const std::unique_ptr<System> system = StartBenchSystem(2);
  Neighbourhood neighbours(*system);
  const Ref<Watched> watched = system->Spawn<Watched>({.placement = Placement::OnShard(0)});
  for (int64_t i = 0; i < kStallWatchers; ++i) {
    system->Spawn<Watcher>({.placement = Placement::OnShard(1)}, watched,
                           kStallMonitors / kStallWatchers, &begun, &told);
  }
  begun.stopwatch.AwaitSeconds();
  system->Counters();  // What the watchers sent is there.
  neighbours.Begin();
  watched.Send(Finish{});
  told.stopwatch.AwaitSeconds();
  Report("15", kPeer, "ms_stall_monitors", neighbours.WorstMillis());
}

// --- Very many requests and streams, whose handlers wait. ---

// Tells when a handler's coroutine is destroyed.
struct Ending {
  explicit Ending(Countdown* ended) : ended(ended) {}
  ~Ending() { ended->One(); }
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;

  Countdown* const ended;
};

class Patient final : public Slow::Actor {
 public:
  Patient(Countdown* begun, Countdown* ended) : begun_(begun), ended_(ended) {}

  Reply<Msg> Call(Context& cx, const Msg& request) override {
    const Ending ending(ended_);
    begun_->One();
    co_await cx.Sleep(absl::Hours(1));
    co_return request;
  }
  Reply<void> Items(Context& cx, const Msg&, Sink<Msg>) override {
    const Ending ending(ended_);
    begun_->One();
    co_await cx.Sleep(absl::Hours(1));
    co_return absl::OkStatus();
  }

 private:
  Countdown* const begun_;
  Countdown* const ended_;
};

// Begins very many requests or streams, and gives all up at once.
template <typename Kept>
class Impatient : public Actor {
 public:
  using Begin = std::function<Kept(const Slow::Ref&)>;
  Impatient(Slow::Ref patient, Begin begin) : patient_(patient), begin_(std::move(begin)) {}

  // In steps that a mailbox and an outbox have room for.
  Reply<void> OnStart(Context& cx) override {
    cx.Self(this).Send(Beat{});
    return absl::OkStatus();
  }
  void On(Context& cx, const Beat&) {
    for (int i = 0; i < 64; ++i) kept_.push_back(begin_(patient_));
    if (kept_.size() < kStallRequests) cx.After(this, absl::Microseconds(200), Beat{});
  }
  void On(Context& cx, const Finish&) { cx.Stop(); }

 private:
  const Slow::Ref patient_;
  const Begin begin_;
  std::vector<Kept> kept_;
};

template <typename Kept>
void RunRequestsStall(std::string_view figure, typename Impatient<Kept>::Begin begin) {
  Countdown begun(kStallRequests);
  Countdown ended(kStallRequests);
  const std::unique_ptr<System> system = StartBenchSystem(2);
  Neighbourhood neighbours(*system);
  const Slow::Ref patient =
      system->Spawn<Patient>({.placement = Placement::OnShard(1)}, &begun, &ended);
  const Ref<Impatient<Kept>> impatient = system->Spawn<Impatient<Kept>>(
      {.placement = Placement::OnShard(0)}, patient, std::move(begin));
  begun.stopwatch.AwaitSeconds();
  neighbours.Begin();
  impatient.Send(Finish{});
  ended.stopwatch.AwaitSeconds();
  Report("15", kPeer, figure, neighbours.WorstMillis());
}

}  // namespace

void RunStalls() {
  RunMonitorsStall();
  RunRequestsStall<Pending<Msg>>("ms_stall_requests", [](const Slow::Ref& patient) {
    return patient.Call(Msg()).Within(absl::Hours(1)).Start();
  });
  RunRequestsStall<Stream<Msg>>(
      "ms_stall_streams", [](const Slow::Ref& patient) { return patient.Items(Msg()).Start(); });
}

}  // namespace troupe::bench
