// What actors and operators are told of their node's peers.

#include "troupe/transport/peers.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/tally.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/base/limits.h"
#include "troupe/loop/platform.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/tests/sim/member.h"
#include "troupe/transport/node.h"

namespace troupe {
namespace {

using tally::Tally;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What watchers were told, the newest last. Made before their nodes, whose ends they are told.
struct Notes {
  std::function<void()> on_down;
  std::vector<std::string> lines;
  std::vector<PeerUp> ups;
  std::vector<PeerDown> downs;
  std::vector<absl::Status> refusals;
};

class PeerWatcher final : public Actor {
 public:
  struct Fail {};
  struct Unwatch {};
  struct Fill {};
  // Done by a handler that takes that long.
  struct Work {
    absl::Duration time = absl::Seconds(1);
  };
  struct Monitor {
    AnyRef target;
  };

  PeerWatcher(Node* node, Notes* notes) : node_(node), notes_(notes) {}

  Reply<void> OnStart(Context& cx) override {
    const absl::StatusOr<PeerWatchId> watch = node_->WatchPeers(cx, this);
    if (watch.ok()) watch_ = *watch;
    if (!watch.ok()) notes_->refusals.push_back(watch.status());
    return absl::OkStatus();
  }
  void On(Context&, const PeerUp& up) {
    EXPECT_EQ(up.watch, watch_);
    notes_->lines.push_back("up " + up.name);
    notes_->ups.push_back(up);
  }
  void On(Context&, const PeerDown& down) {
    EXPECT_EQ(down.watch, watch_);
    notes_->lines.push_back("down " + down.name);
    notes_->downs.push_back(down);
    if (notes_->on_down != nullptr) notes_->on_down();
  }
  void On(Context& cx, const Monitor& monitor) { cx.Monitor(this, monitor.target); }
  void On(Context&, const Down&) { notes_->lines.push_back("Down"); }
  void On(Context&, Fail) { throw std::runtime_error("as the test asks"); }
  void On(Context& cx, Unwatch) {
    notes_->lines.push_back(node_->UnwatchPeers(cx, watch_) ? "unwatched" : "no watch");
  }
  void On(Context&, Fill) {}
  Reply<void> On(Context& cx, Work work) {
    co_await cx.Sleep(work.time);
    notes_->lines.push_back("worked");
    co_return absl::OkStatus();
  }

 private:
  Node* const node_;
  Notes* const notes_;
  PeerWatchId watch_;
};

// Two nodes; an actor of `b` watches, and there is a session.
struct Pair {
  explicit Pair(TestSimulation& sim, const Limits& limits = {}, const MailboxOptions& mailbox = {})
      : simulation(sim),
        platform(sim.AddNode("a")),
        a(std::make_unique<Member>(platform, "a")),
        b(std::make_unique<Member>(sim, "b", limits)),
        watcher(b->system->Spawn<PeerWatcher>({.mailbox = mailbox}, b->node.get(), &notes)) {
    ExportTally(*a);
    tally = Find(*b, *a);
    EXPECT_TRUE(sim.RunUntil([&] { return !notes.lines.empty(); }, absl::Seconds(1)));
  }

  bool RunUntilDown(absl::Duration time = absl::Seconds(1)) {
    return simulation.RunUntil([&] { return !notes.downs.empty(); }, time);
  }

  TestSimulation& simulation;
  Platform& platform;  // Of `a`.
  Notes notes;
  std::unique_ptr<Member> a;
  std::unique_ptr<Member> b;
  Ref<PeerWatcher> watcher;
  Tally::Ref tally;
};

TEST(PeersTest, ASessionIsToldWithNameIncarnationAndAddress) {
  TestSimulation simulation;
  Pair pair(simulation);
  EXPECT_THAT(pair.notes.lines, ElementsAre("up a"));
  EXPECT_EQ(pair.notes.ups[0].name, "a");
  EXPECT_EQ(pair.notes.ups[0].incarnation, AnyRef(pair.tally).incarnation());
  EXPECT_EQ(pair.notes.ups[0].address, pair.a->node->address().ToString());
}

TEST(PeersTest, WhoWatchesLaterIsToldOfWhatExists) {
  for (const uint64_t seed : SimulationSeeds(10)) {
    TestSimulation simulation({.seed = seed});
    Notes late;
    Pair pair(simulation);
    // On both shards: one of them does not have the session.
    for (const int shard : {0, 1}) {
      pair.b->system->Spawn<PeerWatcher>({.placement = Placement::OnShard(shard)},
                                         pair.b->node.get(), &late);
    }
    simulation.RunFor(absl::Seconds(1));
    EXPECT_THAT(late.lines, ElementsAre("up a", "up a")) << "seed " << seed;
    pair.b.reset();
    EXPECT_THAT(late.lines, ElementsAre("up a", "up a", "down a", "down a")) << "seed " << seed;
  }
}

TEST(PeersTest, AGoodbyeIsADownThatSaysSo) {
  TestSimulation simulation;
  Pair pair(simulation);
  pair.a->node.reset();
  ASSERT_TRUE(pair.RunUntilDown());
  EXPECT_THAT(pair.notes.lines, ElementsAre("up a", "down a"));
  EXPECT_EQ(pair.notes.downs[0].incarnation, pair.notes.ups[0].incarnation);
  EXPECT_EQ(pair.notes.downs[0].address, pair.notes.ups[0].address);
  EXPECT_THAT(pair.notes.downs[0].status.ToString(), HasSubstr("it said goodbye (SHUTDOWN"));
}

TEST(PeersTest, TheEndOfTheNodeItselfIsADownOfEachPeer) {
  for (const uint64_t seed : SimulationSeeds(20)) {
    TestSimulation simulation({.seed = seed});
    Notes notes[2];
    Pair pair(simulation);
    for (const int shard : {0, 1}) {
      const auto watcher = pair.b->system->Spawn<PeerWatcher>(
          {.placement = Placement::OnShard(shard)}, pair.b->node.get(), &notes[shard]);
      watcher.Send(PeerWatcher::Monitor{pair.tally});
    }
    simulation.RunFor(absl::Seconds(1));
    // The shard that has to be told by the session's is late.
    const int session_shard = pair.b->node->Peers()[0].shard;
    notes[session_shard].on_down = [&] {
      simulation.PauseShard("b", 1 - session_shard, absl::Milliseconds(100));
    };
    pair.b->node.reset();
    simulation.RunFor(absl::Seconds(1));
    for (const Notes& each : notes) {
      EXPECT_THAT(each.lines, ElementsAre("up a", "Down", "down a")) << "seed " << seed;
      EXPECT_THAT(each.downs[0].status.ToString(), HasSubstr("the node shuts down"));
    }
  }
}

TEST(PeersTest, TheSystemsShutdownStopsTheActorsBeforeTheNodeAndTellsNobody) {
  for (const uint64_t seed : SimulationSeeds(20)) {
    TestSimulation simulation({.seed = seed});
    Pair pair(simulation);
    pair.b->system->Shutdown();
    EXPECT_EQ(pair.b->system->Run(), 0);
    EXPECT_THAT(pair.notes.lines, ElementsAre("up a")) << "seed " << seed;
    EXPECT_TRUE(pair.b->node->Peers().empty());
  }
}

TEST(PeersTest, ACrashIsADownOfThatIncarnationAndTheNextOneIsAnother) {
  for (const uint64_t seed : SimulationSeeds(10)) {
    TestSimulation simulation({.seed = seed});
    Pair pair(simulation);
    simulation.Crash("a");
    pair.a.reset();
    ASSERT_TRUE(pair.RunUntilDown());
    EXPECT_EQ(pair.notes.downs[0].incarnation, pair.notes.ups[0].incarnation);
    simulation.Restart("a");
    pair.a = std::make_unique<Member>(pair.platform, "a");
    ExportTally(*pair.a);
    Find(*pair.b, *pair.a);
    simulation.RunFor(absl::Seconds(1));
    EXPECT_THAT(pair.notes.lines, ElementsAre("up a", "down a", "up a")) << "seed " << seed;
    EXPECT_NE(pair.notes.ups[1].incarnation, pair.notes.ups[0].incarnation);
  }
}

TEST(PeersTest, SilenceOfTenSecondsIsADownThatSaysSo) {
  TestSimulation simulation;
  Pair pair(simulation);
  simulation.Pause("a", absl::Seconds(20));
  simulation.RunFor(absl::Seconds(8));
  EXPECT_THAT(pair.notes.lines, ElementsAre("up a"));
  ASSERT_TRUE(pair.RunUntilDown(absl::Seconds(4)));
  EXPECT_THAT(pair.notes.downs[0].status.ToString(), HasSubstr("no byte came for"));
}

TEST(PeersTest, APartitionOfTenSecondsIsADownOnBothSides) {
  for (const uint64_t seed : SimulationSeeds(10)) {
    TestSimulation simulation({.seed = seed});
    Notes at_a;
    Pair pair(simulation);
    pair.a->system->Spawn<PeerWatcher>({}, pair.a->node.get(), &at_a);
    simulation.Partition("a", "b");
    simulation.RunFor(absl::Seconds(8));
    EXPECT_THAT(pair.notes.lines, ElementsAre("up a"));
    simulation.RunFor(absl::Seconds(4));
    EXPECT_THAT(pair.notes.lines, ElementsAre("up a", "down a")) << "seed " << seed;
    EXPECT_THAT(at_a.lines, ElementsAre("up b", "down b")) << "seed " << seed;
    EXPECT_FALSE(pair.notes.downs[0].status.ok());
  }
}

TEST(PeersTest, AResetIsADownAndTheNextSessionAnUp) {
  TestSimulation simulation;
  Pair pair(simulation);
  simulation.Reset("a", "b");
  ASSERT_TRUE(pair.RunUntilDown());
  EXPECT_TRUE(absl::IsUnavailable(pair.notes.downs[0].status)) << pair.notes.downs[0].status;
  EXPECT_TRUE(pair.tally.Add(Amount(1)).Wait().ok());
  simulation.RunFor(absl::Seconds(1));
  EXPECT_THAT(pair.notes.lines, ElementsAre("up a", "down a", "up a"));
  EXPECT_EQ(pair.notes.ups[0].incarnation, pair.notes.ups[1].incarnation);
}

// Looks a tally up.
class Finder final : public Actor {
 public:
  Finder(Node* node, std::string url, int* found)
      : node_(node), url_(std::move(url)), found_(found) {}
  Reply<void> OnStart(Context&) override {
    const absl::StatusOr<Tally::Ref> tally = co_await node_->Lookup<Tally>(url_);
    if (tally.ok()) ++*found_;
    co_return absl::OkStatus();
  }

 private:
  Node* const node_;
  const std::string url_;
  int* const found_;
};

TEST(PeersTest, TwoThatDialEachOtherAtOnceHaveOneSession) {
  for (const uint64_t seed : SimulationSeeds(20)) {
    TestSimulation simulation({.seed = seed});
    Notes at_a;
    Notes at_b;
    int found = 0;
    Member a(simulation, "a");
    Member b(simulation, "b");
    ExportTally(a);
    ExportTally(b);
    a.system->Spawn<PeerWatcher>({}, a.node.get(), &at_a);
    b.system->Spawn<PeerWatcher>({}, b.node.get(), &at_b);
    a.system->Spawn<Finder>({}, a.node.get(), b.Url("tally"), &found);
    b.system->Spawn<Finder>({}, b.node.get(), a.Url("tally"), &found);
    simulation.RunFor(absl::Seconds(5));
    EXPECT_EQ(found, 2) << "seed " << seed;
    // One that the other end replaced was a session, too; nobody is left without one.
    for (const Notes* const notes : {&at_a, &at_b}) {
      EXPECT_EQ(notes->ups.size(), notes->downs.size() + 1) << "seed " << seed;
      EXPECT_EQ(notes->lines.back().substr(0, 2), "up") << "seed " << seed;
    }
  }
}

TEST(PeersTest, ARestartedActorIsToldAnewAndNothingOfItsFormerWatch) {
  for (const uint64_t seed : SimulationSeeds(20)) {
    TestSimulation simulation({.seed = seed, .log_to_stderr = false});
    Pair pair(simulation);
    // The PeerDown is queued as the former life fails.
    pair.watcher.Send(PeerWatcher::Work{});
    simulation.RunFor(absl::Milliseconds(100));
    pair.watcher.Send(PeerWatcher::Fail{});
    simulation.Reset("a", "b");
    simulation.RunFor(absl::Milliseconds(500));
    EXPECT_TRUE(pair.tally.Add(Amount(1)).Wait().ok());
    simulation.RunFor(absl::Seconds(5));
    EXPECT_THAT(pair.notes.lines, ElementsAre("up a", "worked", "up a")) << "seed " << seed;
    pair.a->node.reset();
    ASSERT_TRUE(pair.RunUntilDown());
    EXPECT_THAT(pair.notes.lines, ElementsAre("up a", "worked", "up a", "down a"));
  }
}

TEST(PeersTest, AfterUnwatchNothingIsHandledThatWasQueued) {
  for (const uint64_t seed : SimulationSeeds(10)) {
    TestSimulation simulation({.seed = seed});
    Pair pair(simulation);
    pair.watcher.Send(PeerWatcher::Work{});
    simulation.RunFor(absl::Milliseconds(100));
    pair.watcher.Send(PeerWatcher::Unwatch{});
    simulation.Reset("a", "b");
    simulation.RunFor(absl::Milliseconds(500));
    pair.watcher.Send(PeerWatcher::Unwatch{});
    simulation.RunFor(absl::Seconds(5));
    EXPECT_THAT(pair.notes.lines, ElementsAre("up a", "worked", "unwatched", "no watch"));
  }
}

TEST(PeersTest, OneWatchTooManyIsRefusedAndTheEndOfOneMakesRoom) {
  TestSimulation simulation;
  Notes notes;
  Pair pair(simulation, {.peer_watches_per_shard_max = 3});
  const auto spawn = [&] {
    const auto watcher = pair.b->system->Spawn<PeerWatcher>({.placement = Placement::OnShard(0)},
                                                            pair.b->node.get(), &notes);
    simulation.RunFor(absl::Milliseconds(1));
    return watcher;
  };
  std::vector<Ref<PeerWatcher>> watchers;
  for (int i = 0; i < 6; ++i) watchers.push_back(spawn());
  ASSERT_GE(notes.refusals.size(), 3u);
  EXPECT_TRUE(absl::IsResourceExhausted(notes.refusals[0])) << notes.refusals[0];
  EXPECT_THAT(notes.refusals[0].ToString(), HasSubstr("peer_watches_per_shard_max (3)"));
  const size_t refusals = notes.refusals.size();
  watchers[0].Send(PeerWatcher::Unwatch{});
  pair.b->system->Stop(watchers[1]);
  simulation.RunFor(absl::Seconds(1));
  spawn();
  spawn();
  EXPECT_EQ(notes.refusals.size(), refusals);
}

// Watches and ends at once.
class ShortLived final : public Actor {
 public:
  explicit ShortLived(Node* node) : node_(node) {}
  Reply<void> OnStart(Context& cx) override {
    EXPECT_TRUE(node_->WatchPeers(cx, this).ok());
    cx.Stop();
    return absl::OkStatus();
  }
  void On(Context&, const PeerUp&) { ADD_FAILURE() << "an actor that has ended was told"; }
  void On(Context&, const PeerDown&) { ADD_FAILURE() << "an actor that has ended was told"; }

 private:
  Node* const node_;
};

TEST(PeersTest, AnActorThatEndsAtOnceIsToldNothing) {
  for (const uint64_t seed : SimulationSeeds(10)) {
    TestSimulation simulation({.seed = seed});
    Pair pair(simulation);
    for (int i = 0; i < 20; ++i) pair.b->system->Spawn<ShortLived>({}, pair.b->node.get());
    simulation.Reset("a", "b");
    ASSERT_TRUE(pair.RunUntilDown());
    simulation.RunFor(absl::Seconds(1));
    EXPECT_THAT(pair.notes.lines, ElementsAre("up a", "down a"));
  }
}

TEST(PeersTest, AFullMailboxLosesNothing) {
  for (const uint64_t seed : SimulationSeeds(10)) {
    TestSimulation simulation({.seed = seed});
    Pair pair(simulation, {}, {.messages_max = 4});
    pair.watcher.Send(PeerWatcher::Work{});
    simulation.RunFor(absl::Milliseconds(10));
    for (int i = 0; i < 20; ++i) pair.watcher.Send(PeerWatcher::Fill{});
    simulation.RunFor(absl::Milliseconds(10));
    EXPECT_GT(pair.b->system->Counters().refused_full, 0u);
    simulation.Reset("a", "b");
    simulation.RunFor(absl::Seconds(5));
    EXPECT_THAT(pair.notes.lines, ElementsAre("up a", "worked", "down a")) << "seed " << seed;
  }
}

TEST(PeersTest, WhoLetsManyWaitMissesOnlyWholeSessions) {
  constexpr size_t kSessions = 100;
  TestSimulation simulation({.log_to_stderr = false});
  Pair pair(simulation, {.sessions_max = 2});
  pair.watcher.Send(PeerWatcher::Work{.time = absl::Minutes(10)});
  simulation.RunFor(absl::Milliseconds(10));
  for (size_t i = 1; i < kSessions; ++i) {
    simulation.Reset("a", "b");
    simulation.RunFor(absl::Seconds(1));
    EXPECT_TRUE(pair.tally.Add(Amount(1)).Wait().ok());
  }
  EXPECT_THAT(pair.notes.lines, ElementsAre("up a"));
  simulation.RunFor(absl::Minutes(10));
  const std::vector<std::string>& lines = pair.notes.lines;
  EXPECT_GT(pair.notes.ups.size(), 32u);
  EXPECT_LT(pair.notes.ups.size(), 48u);
  EXPECT_EQ(lines[1], "worked");
  for (size_t i = 2; i < lines.size(); ++i) {
    ASSERT_EQ(lines[i], i % 2 == 0 ? "down a" : "up a") << i;
  }
  EXPECT_EQ(lines.back(), "up a");
}

class JotterActor final : public tally::Jotter::Actor {
 public:
  Reply<void> Jot(Context&, const tally::TallyRequest&) override { return absl::OkStatus(); }
};

// Asks and tells another node something when it is told to.
class Talker final : public Actor {
 public:
  struct Talk {};
  Talker(Tally::Ref tally, tally::Jotter::Ref jotter) : tally_(tally), jotter_(jotter) {}
  Reply<void> On(Context&, Talk) {
    for (int i = 0; i < 3; ++i) jotter_.Jot(Amount(1));
    const absl::StatusOr<tally::TallyReply> reply = co_await tally_.Add(Amount(1));
    co_return reply.status();
  }

 private:
  const Tally::Ref tally_;
  const tally::Jotter::Ref jotter_;
};

TEST(PeersTest, OperatorsSeeEachSession) {
  TestSimulation simulation;
  Pair pair(simulation);
  pair.watcher.Send(PeerWatcher::Monitor{pair.tally});
  simulation.RunFor(absl::Seconds(1));
  const auto jotter = pair.a->system->Spawn<JotterActor>({});
  EXPECT_TRUE(pair.a->node->Export("jotter", jotter).ok());
  const auto found = pair.b->node->Lookup<tally::Jotter>(pair.a->Url("jotter")).Wait();
  ASSERT_TRUE(found.ok()) << found.status();
  const auto talker = pair.b->system->Spawn<Talker>({}, pair.tally, *found);
  simulation.RunFor(absl::Seconds(2));
  simulation.Partition("a", "b");
  talker.Send(Talker::Talk{});
  simulation.RunFor(absl::Milliseconds(10));
  std::vector<PeerState> at_b = pair.b->node->Peers();
  ASSERT_EQ(at_b.size(), 1u);
  EXPECT_EQ(at_b[0].name, "a");
  EXPECT_EQ(at_b[0].incarnation, pair.notes.ups[0].incarnation);
  EXPECT_EQ(at_b[0].address, pair.a->node->address().ToString());
  EXPECT_EQ(at_b[0].requests_to, 1u);
  EXPECT_EQ(at_b[0].requests_from, 0u);
  EXPECT_EQ(at_b[0].unacknowledged_to, 3u);
  EXPECT_EQ(at_b[0].monitors_to, 1u);
  EXPECT_EQ(at_b[0].monitors_from, 0u);
  std::vector<PeerState> at_a = pair.a->node->Peers();
  ASSERT_EQ(at_a.size(), 1u);
  EXPECT_EQ(at_a[0].name, "b");
  EXPECT_EQ(at_a[0].monitors_to, 0u);
  EXPECT_EQ(at_a[0].monitors_from, 1u);
  EXPECT_LT(absl::AbsDuration(at_a[0].since - at_b[0].since), absl::Milliseconds(10));
  simulation.Heal("a", "b");
  simulation.RunFor(absl::Seconds(4));
  at_b = pair.b->node->Peers();
  ASSERT_EQ(at_b.size(), 1u);
  EXPECT_EQ(at_b[0].requests_to, 0u);
  EXPECT_EQ(at_b[0].unacknowledged_to, 0u);
  EXPECT_EQ(at_b[0].unwritten_bytes, 0u);
  pair.a->node.reset();
  ASSERT_TRUE(pair.RunUntilDown());
  EXPECT_TRUE(pair.b->node->Peers().empty());
}

}  // namespace
}  // namespace troupe
