// The order of PeerUp, Down and PeerDown, under faults and many seeds.

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/sim/tally.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/base/logging.h"
#include "troupe/base/random.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/tests/sim/member.h"
#include "troupe/transport/node.h"
#include "troupe/transport/peers.h"

namespace troupe {
namespace {

using tally::Tally;

// Counts the ended sessions of node `b` with node `a`, at the moment of each.
class EndCounter final : public LogSink {
 public:
  EndCounter() : previous_(SetLogSink(this)) {}
  ~EndCounter() override { SetLogSink(previous_); }

  void Write(LogLevel, std::string_view line) override {
    if (line.find("node \"a\"") != line.npos && line.find("is down") != line.npos) ++ends_;
  }
  void Flush() override {}
  uint64_t dropped_lines() const override { return 0; }

  uint64_t ends() const { return ends_; }

 private:
  uint64_t ends_ = 0;
  LogSink* const previous_;
};

struct Seen {
  uint64_t ups = 0;
  uint64_t downs = 0;
  uint64_t monitor_downs = 0;
};

// Monitors one actor of the peer again and again, and checks what it is told.
class Judge final : public Actor {
 public:
  struct Tick {};
  struct Flood {};

  Judge(Node* node, AnyRef target, const EndCounter* counter, Seen* seen)
      : node_(node), target_(target), counter_(counter), seen_(seen) {}

  Reply<void> OnStart(Context& cx) override {
    EXPECT_TRUE(node_->WatchPeers(cx, this).ok());
    cx.Every(this, absl::Milliseconds(1), Tick{});
    return absl::OkStatus();
  }
  void On(Context&, const PeerUp&) {
    ++seen_->ups;
    EXPECT_EQ(seen_->ups, seen_->downs + 1) << "a PeerUp before the last PeerDown";
  }
  void On(Context&, const PeerDown& down) {
    ++seen_->downs;
    EXPECT_EQ(seen_->ups, seen_->downs) << "a PeerDown without a PeerUp";
    EXPECT_FALSE(down.status.ok());
    for (const auto& [monitor, ends] : monitors_) {
      EXPECT_GE(ends, seen_->downs) << "a PeerDown before a Down of that session";
    }
  }
  void On(Context& cx, Tick) {
    if (monitors_.size() >= 8) {
      cx.Demonitor(monitors_.begin()->first);
      monitors_.erase(monitors_.begin());
    }
    monitors_[cx.Monitor(this, target_)] = counter_->ends();
  }
  void On(Context&, const Down& down) {
    ++seen_->monitor_downs;
    monitors_.erase(down.monitor);
  }
  // Slow, so that the mailbox is full and more waits for it.
  Reply<void> On(Context& cx, Flood) {
    if (++floods_ % 64 == 0) co_await cx.Sleep(absl::Milliseconds(2));
    co_return absl::OkStatus();
  }

 private:
  Node* const node_;
  const AnyRef target_;
  const EndCounter* const counter_;
  Seen* const seen_;
  uint64_t floods_ = 0;
  std::map<MonitorId, uint64_t> monitors_;  // By id: the sessions that had ended when it was set.
};

// Keeps the session up from its side, and fills the mailbox of a judge.
class Caller final : public Actor {
 public:
  struct Tick {};

  Caller(Tally::Ref tally, Ref<Judge> judge) : tally_(tally), judge_(judge) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Every(this, absl::Milliseconds(5), Tick{});
    return absl::OkStatus();
  }
  Reply<void> On(Context&, Tick) {
    for (int i = 0; judge_ && i < 100; ++i) judge_.Send(Judge::Flood{});
    const absl::StatusOr<tally::TallyReply> reply =
        co_await tally_.Add(Amount(1)).Within(absl::Milliseconds(100));
    reply.status().IgnoreError();
    co_return absl::OkStatus();
  }

 private:
  const Tally::Ref tally_;
  const Ref<Judge> judge_;
};

void Disturb(Simulation& simulation, Random& random) {
  switch (random.Below(8)) {
    case 0:
    case 1:
    case 3:
      // What happens meanwhile meets the end of the session when the shard goes on.
      simulation.PauseShard("b", static_cast<int>(random.Below(2)), absl::Milliseconds(10));
      simulation.RunFor(absl::Microseconds(random.Below(10'000)));
      simulation.Reset("a", "b");
      break;
    case 2:
      simulation.Partition("a", "b");
      simulation.RunFor(absl::Seconds(11));
      simulation.Heal("a", "b");
      break;
    default:
      simulation.Reset("a", "b");
  }
  simulation.RunFor(absl::Microseconds(random.Below(200'000)));
}

TEST(PeerOrderTest, DownsThenOnePeerDownThenAPeerUp) {
  for (const uint64_t seed : SimulationSeeds(10)) {
    TestSimulation simulation({.seed = seed, .log_to_stderr = false});
    Random random(seed);
    std::vector<Seen> seen(6);
    Member a(simulation, "a");
    Member b(simulation, "b");
    ExportTally(b);
    ExportTally(a);
    const Tally::Ref at_a = Find(b, a);
    const Tally::Ref at_b = Find(a, b);
    simulation.RunFor(absl::Seconds(1));
    EndCounter counter;
    std::vector<Ref<Judge>> judges;
    for (size_t i = 0; i < seen.size(); ++i) {
      SpawnOptions options{.placement = Placement::OnShard(static_cast<int>(i % 2))};
      if (i >= 4) options.mailbox.messages_max = 64;
      judges.push_back(
          b.system->Spawn<Judge>(options, b.node.get(), AnyRef(at_a), &counter, &seen[i]));
    }
    for (int i = 0; i < 2; ++i) {
      // From the other shard: what does not fit waits for room.
      b.system->Spawn<Caller>({.placement = Placement::OnShard(i)}, at_a, judges[i == 0 ? 5 : 4]);
      a.system->Spawn<Caller>({.placement = Placement::OnShard(i)}, at_b, Ref<Judge>());
    }
    for (int i = 0; i < 20; ++i) Disturb(simulation, random);
    ASSERT_GT(counter.ends(), 3u);
    b.node.reset();
    simulation.RunFor(absl::Seconds(5));
    for (const Seen& each : seen) {
      EXPECT_EQ(each.ups, counter.ends()) << "seed " << seed;
      EXPECT_EQ(each.downs, counter.ends()) << "seed " << seed;
      EXPECT_GT(each.monitor_downs, 0u);
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace troupe
