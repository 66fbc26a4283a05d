// Births: names, refusals, leases, children, and the handles of those that never were.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/cells/slot_index.h"
#include "troupe/actors/cells/slot_table.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/loop/loop.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

// Monitors what it is told to and keeps the Downs.
struct Watcher {
  explicit Watcher(System& system, int shard = 0)
      : ref(system.Spawn<ProbeActor>(
            OnShard(shard),
            Script{.down = [this](Context&, const Down& down) { downs.Add(down); }})) {}
  void Watch(const AnyRef& target) {
    Perform(ref, [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, target); });
  }

  Collected<Down> downs;
  Ref<ProbeActor> ref;
};

class SpawnTest : public testing::TestWithParam<int> {
 protected:
  SpawnTest() : system_(StartSystem(GetParam())) {}
  int last() const { return GetParam() - 1; }
  std::unique_ptr<System> system_;
};

TEST_P(SpawnTest, ATakenNameIsRefusedAndTheDownSaysSo) {
  Watcher watcher(*system_, last());
  system_->Spawn<ProbeActor>({.name = "alice"}, Script{});
  const Ref<ProbeActor> second = system_->Spawn<ProbeActor>({.name = "alice"}, Script{});
  Perform(watcher.ref, [&](ProbeActor&, Context&) {
    if (second.shard() == watcher.ref.shard()) {
      EXPECT_EQ(second.Send(Tick{}), SendResult::kGone);
    }
  });
  watcher.Watch(second);
  const Down down = watcher.downs.Wait(1)[0];
  EXPECT_EQ(down.reason, StopReason::kNeverBorn);
  EXPECT_EQ(down.status.code(), absl::StatusCode::kAlreadyExists);
  const absl::StatusOr<Ref<ProbeActor>> third =
      system_->TrySpawn<ProbeActor>({.name = "alice"}, Script{});
  EXPECT_EQ(third.status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_P(SpawnTest, TheNameIsFreeBeforeTheDown) {
  const Ref<ProbeActor> first =
      system_->Spawn<ProbeActor>({.name = "bob", .placement = {.shard = last()}}, Script{});
  Collected<absl::Status> again;
  const Ref<ProbeActor> watcher = system_->Spawn<ProbeActor>(
      OnShard(0), Script{.down = [&](Context& cx, const Down&) {
        EXPECT_FALSE(cx.FindAny("bob").has_value());
        again.Add(cx.TrySpawn<ProbeActor>({.name = "bob"}, Script{}).status());
      }});
  Perform(watcher, [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, first); });
  system_->Stop(first);
  EXPECT_TRUE(again.Wait(1)[0].ok());
}

TEST_P(SpawnTest, FindAsksForTheServiceToo) {
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>({.name = "carol"}, Script{});
  EXPECT_EQ(system_->FindAny("carol"), actor);
  EXPECT_EQ(system_->Find<Probe>("carol"), Probe::Ref(actor));
  EXPECT_FALSE(system_->Find<Idle>("carol").has_value());
  EXPECT_FALSE(system_->Find<Probe>("nobody").has_value());
}

TEST_P(SpawnTest, OneOfManyThatWantANameGetsIt) {
  std::atomic<int> born{0};
  Collected<int> tried;
  for (int i = 0; i < 8; ++i) {
    const Ref<ProbeActor> parent = system_->Spawn<ProbeActor>({}, Script{});
    parent.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
      if (cx.TrySpawn<ProbeActor>({.name = "one"}, Script{}).ok()) ++born;
      tried.Add(1);
      return absl::OkStatus();
    }});
  }
  tried.Wait(8);
  EXPECT_EQ(born, 1);
}

TEST_P(SpawnTest, AHandleIsGoodAtOnceEvenOfAnActorElsewhere) {
  Collected<int64_t> got;
  const Ref<ProbeActor> parent = system_->Spawn<ProbeActor>(OnShard(0), Script{});
  Perform(parent, [&](ProbeActor&, Context& cx) {
    const Ref<ProbeActor> child = cx.Spawn<ProbeActor>(
        OnShard(last()), Script{.tick = [&](Context&, const Tick& tick) { got.Add(tick.value); }});
    for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(child.Send(Tick{i}), SendResult::kAccepted);
  });
  EXPECT_EQ(got.Wait(10), (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

// Says where it is, and ends.
class alignas(128) Wide final : public Actor {
 public:
  explicit Wide(Collected<uintptr_t>* places) : places_(places) {}
  Reply<void> OnStart(Context& cx) override {
    places_->Add(reinterpret_cast<uintptr_t>(this));
    cx.Stop();
    return absl::OkStatus();
  }

 private:
  Collected<uintptr_t>* const places_;
};

TEST_P(SpawnTest, AnActorIsAlignedAsItsClassSays) {
  Collected<uintptr_t> places;
  const Ref<ProbeActor> parent = system_->Spawn<ProbeActor>(OnShard(0), Script{});
  Perform(parent, [&](ProbeActor&, Context& cx) {
    for (int i = 0; i < 10; ++i) {
      cx.Spawn<Wide>({}, &places);
      cx.Spawn<Wide>(OnShard(last()), &places);
    }
  });
  system_->Spawn<Wide>({}, &places);
  for (const uintptr_t place : places.Wait(21)) EXPECT_EQ(place % alignof(Wide), 0u);
}

TEST_P(SpawnTest, AStopThatOvertakesTheBirthIsNotLost) {
  Watcher watcher(*system_, 0);
  // The handle of a child on another shard is known to third parties before it is installed.
  const Ref<ProbeActor> parent = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  Ref<ProbeActor> child;
  Perform(parent, [&](ProbeActor&, Context& cx) {
    child = cx.Spawn<ProbeActor>(OnShard(0), Script{});
    cx.Stop(child);
  });
  watcher.Watch(child);
  const Down down = watcher.downs.Wait(1)[0];
  EXPECT_TRUE(down.reason == StopReason::kStopped || down.reason == StopReason::kUnknown);
}

TEST_P(SpawnTest, AStoppingActorGetsNoMoreChildren) {
  Collected<absl::Status> spawned;
  Watcher watcher(*system_, 0);
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      OnShard(last()), Script{.stop = [&](Context& cx, StopReason) -> Reply<void> {
        spawned.Add(cx.TrySpawn<ProbeActor>({}, Script{}).status());
        return absl::OkStatus();
      }});
  watcher.Watch(actor);
  // One that is stopped before it has started has no OnStop.
  Perform(actor, [](ProbeActor&, Context&) {});
  system_->Stop(actor);
  EXPECT_EQ(spawned.Wait(1)[0].code(), absl::StatusCode::kUnavailable);
  watcher.downs.Wait(1);
}

TEST_P(SpawnTest, AnActorThatSpawnsInItsDestructorHarmsNobody) {
  struct SpawnsAtTheEnd : Actor {
    SpawnsAtTheEnd(System* system, Collected<Ref<ProbeActor>>* children,
                   Collected<absl::Status>* refusals)
        : system(system), children(children), refusals(refusals) {}
    ~SpawnsAtTheEnd() override {
      const Script never{.start = [](ProbeActor&, Context&) -> Reply<void> {
        ADD_FAILURE() << "a child of an actor that has ended started";
        return absl::OkStatus();
      }};
      children->Add(system->Spawn<ProbeActor>({}, never));
      refusals->Add(system->TrySpawn<ProbeActor>({.name = "late"}, never).status());
    }
    void On(Context& cx, const Tick&) { cx.Stop(); }
    System* system;
    Collected<Ref<ProbeActor>>* children;
    Collected<absl::Status>* refusals;
  };
  Collected<Ref<ProbeActor>> children;
  Collected<absl::Status> refusals;
  Watcher watcher(*system_, 0);
  const Ref<SpawnsAtTheEnd> actor =
      system_->Spawn<SpawnsAtTheEnd>(OnShard(last()), system_.get(), &children, &refusals);
  watcher.Watch(actor);
  actor.Send(Tick{});
  EXPECT_EQ(watcher.downs.Wait(1)[0].who, actor);
  // In a handler's place it would be its actor's child, and that one has no more of them.
  EXPECT_EQ(refusals.Wait(1)[0].code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(system_->FindAny("late").has_value());
  watcher.Watch(children.Wait(1)[0]);
  const Down unborn = watcher.downs.Wait(2)[1];
  EXPECT_EQ(unborn.reason, StopReason::kNeverBorn);
  EXPECT_EQ(unborn.status.code(), absl::StatusCode::kUnavailable) << unborn.status;
  EXPECT_EQ(system_->Counters().spawned, 2u);
  EXPECT_EQ(system_->Counters().stopped, 1u);
}

INSTANTIATE_TEST_SUITE_P(Shards, SpawnTest, testing::Values(1, 2));

TEST(SpawnLimitsTest, TheActorLimitIsAStatusAndLeavesRoomAgain) {
  const auto system = StartSystem(1, {.actors_per_shard_max = 4});
  std::vector<Ref<ProbeActor>> actors;
  while (true) {
    const absl::StatusOr<Ref<ProbeActor>> actor = system->TrySpawn<ProbeActor>({}, Script{});
    if (!actor.ok()) {
      EXPECT_EQ(actor.status().code(), absl::StatusCode::kResourceExhausted);
      break;
    }
    actors.push_back(*actor);
  }
  EXPECT_EQ(actors.size(), 4u);
  Settle(actors[1]);
  system->Stop(actors[0]);
  absl::StatusOr<Number> inside = absl::UnknownError("not tried");
  Perform(actors[1], [&](ProbeActor&, Context& cx) {
    EXPECT_TRUE(cx.TrySpawn<ProbeActor>({}, Script{}).ok());
    EXPECT_EQ(cx.TrySpawn<ProbeActor>({}, Script{}).status().code(),
              absl::StatusCode::kResourceExhausted);
  });
}

TEST(SpawnLimitsTest, ChildrenAreCountedAndTheirPlacesComeBack) {
  const auto system = StartSystem(2, {.children_per_actor_max = 2});
  Collected<int> gone;
  const Ref<ProbeActor> parent = system->Spawn<ProbeActor>(
      OnShard(0), Script{.down = [&](Context&, const Down&) { gone.Add(1); }});
  Perform(parent, [&](ProbeActor& self, Context& cx) {
    const Ref<ProbeActor> here = cx.Spawn<ProbeActor>(OnShard(0), Script{});
    const Ref<ProbeActor> there = cx.Spawn<ProbeActor>(OnShard(1), Script{});
    EXPECT_EQ(cx.TrySpawn<ProbeActor>({}, Script{}).status().code(),
              absl::StatusCode::kResourceExhausted);
    cx.Monitor(&self, here);
    cx.Monitor(&self, there);
    cx.Stop(here);
    cx.Stop(there);
  });
  gone.Wait(2);
  // The notice of a child's end comes right behind its Down.
  Settle(parent);
  Perform(parent, [&](ProbeActor&, Context& cx) {
    EXPECT_TRUE(cx.TrySpawn<ProbeActor>({}, Script{}).ok());
  });
}

TEST(SpawnLimitsTest, AnotherSystemsShardIsAForeignThread) {
  const auto here = StartSystem(1);
  const auto there = StartSystem(1);
  const Ref<ProbeActor> actor = here->Spawn<ProbeActor>({}, Script{});
  AnyRef other;
  Perform(actor, [&](ProbeActor&, Context&) {
    other = there->Spawn<ProbeActor>({.name = "other"}, Script{});
  });
  EXPECT_EQ(other.system(), there.get());
  EXPECT_TRUE(there->FindAny("other").has_value());
  Perform(Ref<ProbeActor>(other), [&](ProbeActor&, Context& cx) {
    EXPECT_EQ(cx.self(), other);
    there->Stop(other);
  });
}

TEST(SpawnLimitsTest, PlacementOutsideOfTheShardsIsRefused) {
  const auto system = StartSystem(2);
  EXPECT_EQ(system->TrySpawn<ProbeActor>(OnShard(2), Script{}).status().code(),
            absl::StatusCode::kInvalidArgument);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>({}, Script{});
  Perform(actor, [](ProbeActor&, Context& cx) {
    EXPECT_EQ(cx.TrySpawn<ProbeActor>(OnShard(2), Script{}).status().code(),
              absl::StatusCode::kInvalidArgument);
  });
}

// Each makes two until the tree is as deep as it is told.
class Twig : public Actor {
 public:
  Twig(int depth, std::atomic<int>* leaves, Event* done)
      : depth_(depth), leaves_(leaves), done_(done) {}
  Reply<void> OnStart(Context& cx) override {
    if (depth_ == 0) {
      if (leaves_->fetch_add(1) + 1 == 1024) done_->Notify();
      return absl::OkStatus();
    }
    for (int i = 0; i < 2; ++i) cx.Spawn<Twig>({}, depth_ - 1, leaves_, done_);
    return absl::OkStatus();
  }

 private:
  const int depth_;
  std::atomic<int>* const leaves_;
  Event* const done_;
};

TEST(SpawnLimitsTest, ATreeOfActorsGrowsAndStopsWithItsRoot) {
  const auto system = StartSystem(2);
  std::atomic<int> leaves{0};
  const std::unique_ptr<Event> done = system->runtime().platform().MakeEvent();
  Watcher watcher(*system, 1);
  const Ref<Twig> root = system->Spawn<Twig>({}, 10, &leaves, done.get());
  done->WaitUntil(Instant::Infinite());
  watcher.Watch(root);
  system->Stop(root);
  watcher.downs.Wait(1);
  EXPECT_EQ(system->Counters().stopped, 2047u);
}

TEST(SpawnLimitsTest, ShortLivedActorsReuseTheirSlots) {
  const auto system = StartSystem(1, {.actors_per_shard_max = 300});
  struct Mayfly : Actor {
    explicit Mayfly(Collected<int>* all) : all(all) {}
    Reply<void> OnStart(Context& cx) override {
      cx.Stop();
      return absl::OkStatus();
    }
    Reply<void> OnStop(Context&, StopReason) override {
      all->Add(1);
      return absl::OkStatus();
    }
    Collected<int>* all;
  };
  Collected<int> ended;
  const Ref<ProbeActor> parent = system->Spawn<ProbeActor>({}, Script{});
  for (size_t round = 1; round <= 100; ++round) {
    Perform(parent, [&](ProbeActor&, Context& cx) {
      for (int i = 0; i < 200; ++i) EXPECT_TRUE(cx.TrySpawn<Mayfly>({}, &ended).ok());
    });
    ended.Wait(round * 200);
    Settle(parent);
  }
}

TEST(SpawnOptionsTest, TimesAndBytesOutOfRangeRefuseTheSpawnFromWhereverItIs) {
  const auto system = StartSystem(1);
  const Ref<ProbeActor> parent = system->Spawn<ProbeActor>({}, Script{});
  const absl::Duration second = absl::Seconds(1);
  const std::vector<std::pair<SpawnOptions, std::string>> refused = {
      {{.restart = {.within = absl::ZeroDuration()}}, "restart.within is 0"},
      {{.restart = {.within = -second}}, "restart.within is -1s"},
      {{.restart = {.backoff_min = -second}}, "restart.backoff_min is -1s"},
      {{.restart = {.backoff_min = 2 * second, .backoff_max = second}},
       "restart.backoff_max is 1s"},
      {{.mailbox = {.bytes_max = uint64_t{4} << 30}}, "mailbox.bytes_max is 4294967296"},
  };
  for (const auto& [options, words] : refused) {
    const auto expect_refused = [&words = words](const absl::Status& status) {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
      EXPECT_NE(status.ToString().find(words), std::string::npos) << status;
    };
    expect_refused(system->TrySpawn<ProbeActor>(options, Script{}).status());
    Perform(parent, [&, &options = options](ProbeActor&, Context& cx) {
      expect_refused(cx.TrySpawn<ProbeActor>(options, Script{}).status());
    });
  }
  EXPECT_TRUE(system
                  ->TrySpawn<ProbeActor>(
                      {.restart = {.backoff_min = second, .backoff_max = second}}, Script{})
                  .ok());
}

TEST(SpawnTurnTest, WhatNewActorsHandleCountsInTheTurnTheyStartIn) {
  constexpr int kActors = 100;
  constexpr int kMessages = 64;
  Limits limits;
  limits.turn_messages_max = 256;
  uint64_t turn = 0;
  uint32_t in_turn = 0;
  uint32_t most = 0;
  int left = kActors * kMessages;
  Collected<uint32_t> done;
  const auto system = StartSystem(1, limits);
  const Script counts{.tick = [&](Context&, const Tick&) {
    const uint64_t now = internal::Shard::Current()->loop().turns();
    in_turn = now == turn ? in_turn + 1 : 1;
    turn = now;
    most = std::max(most, in_turn);
    if (--left == 0) done.Add(most);
  }};
  const Ref<ProbeActor> parent = system->Spawn<ProbeActor>({}, Script{});
  Perform(parent, [&](ProbeActor&, Context& cx) {
    for (int i = 0; i < kActors; ++i) {
      const Ref<ProbeActor> child = cx.Spawn<ProbeActor>({}, counts);
      for (int j = 0; j < kMessages; ++j) child.Send(Tick{});
    }
  });
  EXPECT_LE(done.Wait(1)[0], limits.turn_messages_max);
}

TEST(SlotTableTest, ASmallTablesFreeSlotsAreThereForAll) {
  constexpr uint32_t kSlots = 256;
  internal::SlotIndex index(kSlots);
  internal::SlotTable table(index, kSlots, 1, 1);
  std::vector<internal::SlotLease> own;
  while (const std::optional<internal::SlotLease> lease = table.Acquire()) own.push_back(*lease);
  EXPECT_EQ(own.size(), kSlots);
  for (const internal::SlotLease& each : own)
    table.Release(*index.Find(each.slot, each.generation));
  std::vector<internal::SlotLease> others;
  while (table.Lease(others, 64) > 0) {
  }
  EXPECT_GE(others.size(), kSlots - kSlots / 16);
}

TEST(SlotTableTest, OneThatLeasesLeavesSomeOfASmallTableToOthers) {
  constexpr uint32_t kSlots = 64;
  internal::SlotIndex index(kSlots);
  internal::SlotTable table(index, kSlots, 1, 1);
  std::vector<internal::SlotLease> leases;
  EXPECT_EQ(table.Lease(leases, kSlots), kSlots / 16);
  EXPECT_TRUE(table.Acquire().has_value());
}

}  // namespace
}  // namespace troupe::test
