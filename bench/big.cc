// Item 3b, "big": actors ping one another at random.

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/bench/bench_system.h"
#include "troupe/bench/inproc_items.h"
#include "troupe/bench/report.h"
#include "troupe/bench/stopwatch.h"
#include "troupe/bench/workload.h"

namespace troupe::bench {
namespace {

class Member;

struct Begin {};
struct Ping {
  int64_t value;
  Ref<Member> from;
};
struct Pong {
  int64_t value;
};

// What the members share. The references are complete before the first message is sent.
struct Crowd {
  std::vector<Ref<Member>> members;
  std::atomic<int> members_pinging = kBigActors;
  Stopwatch stopwatch;
};

class Member : public Actor {
 public:
  Member(int index, Crowd* crowd) : draws_(static_cast<uint64_t>(index) + 1), crowd_(crowd) {}

  void On(Context& cx, const Begin&) { PingAny(cx); }
  void On(Context&, const Ping& ping) { ping.from.Send(Pong{ping.value}); }
  void On(Context& cx, const Pong&) {
    if (--left_ > 0) {
      PingAny(cx);
    } else if (crowd_->members_pinging.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      crowd_->stopwatch.End();
    }
  }

 private:
  void PingAny(Context& cx) {
    crowd_->members[draws_.Below(kBigActors)].Send(Ping{left_, cx.Self(this)});
  }

  Draws draws_;
  int64_t left_ = kBigPingsPerActor;
  Crowd* const crowd_;
};

class Starter : public Actor {
 public:
  explicit Starter(Crowd* crowd) : crowd_(crowd) {}

  Reply<void> OnStart(Context&) override {
    crowd_->stopwatch.Begin();
    for (const Ref<Member>& member : crowd_->members) member.Send(Begin{});
    return absl::OkStatus();
  }

 private:
  Crowd* const crowd_;
};

void RunBigOn(int shards, std::string_view figure) {
  Crowd crowd;
  const std::unique_ptr<System> system = StartBenchSystem(shards);
  for (int i = 0; i < kBigActors; ++i) {
    crowd.members.push_back(
        system->Spawn<Member>({.placement = Placement::OnShard(i % shards)}, i, &crowd));
  }
  system->Spawn<Starter>({}, &crowd);
  constexpr int64_t kMessages = 2 * kBigActors * kBigPingsPerActor;
  Report("3b", kPeer, figure, kMessages / crowd.stopwatch.AwaitSeconds());
}

}  // namespace

void RunBig() {
  RunBigOn(1, "msg_per_s_1_shard");
  RunBigOn(2, "msg_per_s_2_shards");
}

}  // namespace troupe::bench
