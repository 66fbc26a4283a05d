// Limits of the runtime: as many as they say, not one more, and what ends leaves room again.

#include "troupe/base/limits.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

class LimitsTest : public testing::TestWithParam<int> {
 protected:
  int last() const { return GetParam() - 1; }
};

TEST_P(LimitsTest, MonitorsPerActorMaxWatchAndOneMoreIsDownAtOnce) {
  Stage stage(GetParam(), {.monitors_per_actor_max = 3});
  const Ref<ProbeActor> watched = stage.Spawn(last(), Script{});
  std::vector<Down> downs;
  std::vector<MonitorId> monitors;
  const Ref<ProbeActor> watcher =
      stage.Spawn(0, Script{.down = [&](Context&, const Down& down) { downs.push_back(down); }});
  const auto watch = [&] {
    Perform(watcher,
            [&](ProbeActor& self, Context& cx) { monitors.push_back(cx.Monitor(&self, watched)); });
    stage.RunFor(absl::Milliseconds(1));
  };
  for (int i = 0; i < 3; ++i) watch();
  EXPECT_EQ(downs.size(), 0u);
  watch();
  ASSERT_EQ(downs.size(), 1u);
  EXPECT_EQ(downs[0].monitor, monitors[3]);
  EXPECT_EQ(downs[0].status.code(), absl::StatusCode::kResourceExhausted) << downs[0].status;
  // One that is taken back leaves its place to the next.
  Perform(watcher, [&](ProbeActor&, Context& cx) { EXPECT_TRUE(cx.Demonitor(monitors[1])); });
  stage.RunFor(absl::Milliseconds(1));
  watch();
  EXPECT_EQ(downs.size(), 1u);
  stage.system().Stop(watched);
  stage.RunFor(absl::Milliseconds(1));
  ASSERT_EQ(downs.size(), 4u);
  for (size_t i = 1; i < downs.size(); ++i) {
    EXPECT_EQ(downs[i].reason, StopReason::kStopped);
    EXPECT_NE(downs[i].monitor, monitors[1]);
  }
  stage.End();
}

TEST_P(LimitsTest, NamesMaxActorsHaveNamesAndOneMoreIsRefused) {
  Stage stage(GetParam(), {.names_max = 3});
  std::vector<Ref<ProbeActor>> named;
  const auto spawn = [&] {
    const absl::StatusOr<Ref<ProbeActor>> actor = stage.system().TrySpawn<ProbeActor>(
        {.name = absl::StrCat("name ", named.size()), .placement = Placement::OnShard(last())},
        Script{});
    if (actor.ok()) named.push_back(*actor);
    return actor.status();
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(spawn(), absl::OkStatus());
  EXPECT_EQ(spawn().code(), absl::StatusCode::kResourceExhausted);
  // A name that is taken is no matter of room.
  EXPECT_TRUE(stage.system().TrySpawn<ProbeActor>({}, Script{}).ok());
  stage.system().Stop(named[1]);
  stage.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(spawn(), absl::OkStatus());
  EXPECT_EQ(spawn().code(), absl::StatusCode::kResourceExhausted);
  for (size_t i = 0; i < named.size(); ++i) {
    EXPECT_EQ(stage.system().FindAny(absl::StrCat("name ", i)).has_value(), i != 1) << i;
  }
  stage.End();
}

// Children on this shard and on another count alike; all their places come back.
TEST_P(LimitsTest, AllPlacesOfChildrenComeBackWhereverTheyLived) {
  constexpr int kChildren = 6;
  Stage stage(GetParam(), {.children_per_actor_max = kChildren});
  const Ref<ProbeActor> parent = stage.Spawn(0, Script{});
  std::vector<Ref<ProbeActor>> children;
  const auto spawn_all = [&] {
    Perform(parent, [&](ProbeActor&, Context& cx) {
      for (int i = 0; i < kChildren; ++i) {
        const int shard = i % 3 == 0 ? 0 : last();
        const absl::StatusOr<Ref<ProbeActor>> child =
            cx.TrySpawn<ProbeActor>(OnShard(shard), Script{});
        ASSERT_TRUE(child.ok()) << i << ": " << child.status();
        children.push_back(*child);
      }
      EXPECT_EQ(cx.TrySpawn<ProbeActor>(OnShard(last()), Script{}).status().code(),
                absl::StatusCode::kResourceExhausted);
    });
    stage.RunFor(absl::Milliseconds(1));
  };
  for (int round = 0; round < 3; ++round) {
    spawn_all();
    for (const Ref<ProbeActor>& child : children) stage.system().Stop(child);
    children.clear();
    stage.RunFor(absl::Milliseconds(1));
  }
  EXPECT_EQ(stage.system().Counters().spawned, 3u * kChildren + 1 + GetParam());
  EXPECT_EQ(stage.system().Counters().stopped, 3u * kChildren);
  // A parent with remote children that have all ended ends too.
  stage.system().Stop(parent);
  stage.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(stage.system().Counters().stopped, 3u * kChildren + 1);
  stage.End();
}

INSTANTIATE_TEST_SUITE_P(Shards, LimitsTest, testing::Values(1, 2));

// A message that says how many bytes it takes besides itself.
struct Load {
  int64_t number = 0;
  size_t bytes = 0;
};
size_t TroupeBytes(const Load& load) { return load.bytes; }

// Takes loads, and is held while a request of it waits.
class Store final : public Actor {
 public:
  explicit Store(std::vector<int64_t>* got) : got_(*got) {}

  Reply<void> On(Context& cx, const Tick&) {
    co_await cx.Sleep(absl::Milliseconds(1));
    co_return absl::OkStatus();
  }
  void On(Context&, const Load& load) { got_.push_back(load.number); }

 private:
  std::vector<int64_t>& got_;
};

class DropOldestBytesTest : public testing::Test {
 protected:
  static constexpr size_t kLoadBytes = 10'000;
  static constexpr int kFit = 10;

  // Sends while the store is held; true if all were accepted.
  bool SendWhileHeld(const std::vector<Load>& loads) {
    bool accepted = true;
    store_.Send(Tick{});
    stage_.RunFor(absl::Microseconds(200));
    Perform(sender_, [&](ProbeActor&, Context&) {
      for (const Load& load : loads) {
        accepted = store_.Send(load) == SendResult::kAccepted && accepted;
      }
    });
    stage_.RunFor(absl::Milliseconds(5));
    return accepted;
  }

  std::vector<int64_t> got_;
  Stage stage_{1};
  // An envelope more for each, and not one message more.
  const Ref<Store> store_ = stage_.system().Spawn<Store>(
      {.mailbox = {.bytes_max = kFit * (kLoadBytes + 500), .overflow = Overflow::kDropOldest}},
      &got_);
  const Ref<ProbeActor> sender_ = stage_.Spawn(0, Script{});
};

TEST_F(DropOldestBytesTest, ManyTimesOverTheNewestThatFitAreKept) {
  uint64_t lost = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<Load> loads;
    for (int i = 0; i < 1000; ++i) loads.push_back({.number = i, .bytes = kLoadBytes});
    got_.clear();
    EXPECT_TRUE(SendWhileHeld(loads)) << "round " << round;
    ASSERT_EQ(got_.size(), static_cast<size_t>(kFit)) << "round " << round;
    EXPECT_EQ(got_.front(), 1000 - kFit);
    EXPECT_EQ(got_.back(), 999);
    lost += 1000 - kFit;
    EXPECT_EQ(stage_.system().Counters().dead_letters, lost);
  }
}

TEST_F(DropOldestBytesTest, AsManySmallOnesGoAsALargeOneNeeds) {
  for (int round = 0; round < 20; ++round) {
    std::vector<Load> loads;
    for (int i = 0; i < kFit; ++i) loads.push_back({.number = i, .bytes = kLoadBytes});
    loads.push_back({.number = 100, .bytes = 4 * kLoadBytes});
    got_.clear();
    EXPECT_TRUE(SendWhileHeld(loads));
    EXPECT_EQ(got_, (std::vector<int64_t>{4, 5, 6, 7, 8, 9, 100})) << "round " << round;
  }
}

// What was dropped has given back exactly what it was charged: then all the room is free.
TEST_F(DropOldestBytesTest, AfterwardsThereIsRoomForOneThatTakesItAll) {
  std::vector<Load> loads;
  for (int i = 0; i < 1000; ++i) loads.push_back({.number = i, .bytes = kLoadBytes});
  EXPECT_TRUE(SendWhileHeld(loads));
  got_.clear();
  EXPECT_TRUE(SendWhileHeld({{.number = 7, .bytes = kFit * kLoadBytes}}));
  EXPECT_EQ(got_, (std::vector<int64_t>{7}));
  const uint64_t lost = stage_.system().Counters().dead_letters;
  got_.clear();
  std::vector<Load> fit;
  for (int i = 0; i < kFit; ++i) fit.push_back({.number = i, .bytes = kLoadBytes});
  EXPECT_TRUE(SendWhileHeld(fit));
  EXPECT_EQ(got_.size(), static_cast<size_t>(kFit));
  EXPECT_EQ(stage_.system().Counters().dead_letters, lost) << "one was dropped for no reason";
}

}  // namespace
}  // namespace troupe::test
