// Item 13: more shards than cores. Each shard's actor sends a message to all others, and again
// when it has as many back; with two shards, as many to the other one.

#include <atomic>
#include <memory>
#include <string>
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

class Member;

struct Begin {};
struct Note {
  int64_t value;
};

// What the members share. The references are complete before the first message is sent.
struct Circle {
  explicit Circle(int shards) : members_left(shards) {}

  std::vector<Ref<Member>> members;
  std::atomic<int> members_left;
  int64_t rounds = 0;
  double cpu_before_seconds = 0;
  double cpu_seconds = 0;
  Stopwatch stopwatch;
};

class Member : public Actor {
 public:
  Member(int index, Circle* circle) : index_(index), circle_(circle) {}

  void On(Context&, const Begin&) { SendToOthers(); }
  void On(Context&, const Note&) {
    if (++received_ % kCircleMessagesPerRound != 0) return;
    if (received_ < circle_->rounds * kCircleMessagesPerRound) {
      SendToOthers();
    } else if (circle_->members_left.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      circle_->cpu_seconds = ProcessCpuSeconds() - circle_->cpu_before_seconds;
      circle_->stopwatch.End();
    }
  }

 private:
  void SendToOthers() {
    const auto count = static_cast<int64_t>(circle_->members.size());
    for (int64_t i = 0; i < kCircleMessagesPerRound; ++i) {
      const auto other = static_cast<size_t>((index_ + 1 + i % (count - 1)) % count);
      TROUPE_CHECK(circle_->members[other].Send(Note{i}) == SendResult::kAccepted);
    }
  }

  const int64_t index_;
  Circle* const circle_;
  int64_t received_ = 0;
};

// Processor time a message, in nanoseconds.
double RunCircleOn(System& system) {
  const auto shards = static_cast<int>(system.shard_count());
  Circle circle(shards);
  circle.rounds = kCircleMessages / (shards * kCircleMessagesPerRound);
  for (int i = 0; i < shards; ++i) {
    circle.members.push_back(
        system.Spawn<Member>({.placement = Placement::OnShard(i)}, i, &circle));
  }
  circle.cpu_before_seconds = ProcessCpuSeconds();
  circle.stopwatch.Begin();
  for (const Ref<Member>& member : circle.members) member.Send(Begin{});
  circle.stopwatch.AwaitSeconds();
  const int64_t messages = circle.rounds * kCircleMessagesPerRound * shards;
  return circle.cpu_seconds * 1e9 / static_cast<double>(messages);
}

// Shards that look for work before they sleep would spend time that no message takes.
std::unique_ptr<System> StartWithoutSpinning(int shards) {
  return StartBenchSystem(
      SystemOptions{.shards = shards, .limits = {.spin_before_sleep = absl::ZeroDuration()}});
}

double RunCircle(int shards) {
  const std::unique_ptr<System> system = StartWithoutSpinning(shards);
  return RunCircleOn(*system);
}

}  // namespace

void RunManyShards() {
  {
    const std::unique_ptr<System> system = StartWithoutSpinning(kManyShards);
    system->Counters();  // Each shard has run.
    Report("13", kPeer, "rss_mb_at_rest", static_cast<double>(ResidentBytes()) / (1 << 20));
  }
  const double few_nanos = RunCircle(2);
  const double many_nanos = RunCircle(kManyShards);
  Report("13", kPeer, "cpu_ns_2_shards", few_nanos);
  Report("13", kPeer, "cpu_ns_64_shards", many_nanos);
  Report("13", kPeer, "cpu_64_to_2_shards", many_nanos / few_nanos);
}

}  // namespace troupe::bench
