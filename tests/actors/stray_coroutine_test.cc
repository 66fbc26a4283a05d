// Coroutines begun where no message is handled: in a constructor, a destructor, a message's move
// or destructor, OnStop, an OnStart that fails. Each runs for the actor whose life it belongs to
// and ends with it; the handlers that follow on the shard get nothing of it.

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/tests/actors/in_a_child.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

// What the coroutines of a test have done. Thread: the simulation's.
struct Seen {
  int begun = 0;
  int answered = 0;
  int refused = 0;
};
Seen seen;

Reply<void> Say(Probe::Ref peer) {
  const Alive alive;
  ++seen.begun;
  const absl::StatusOr<Number> reply = co_await peer.Mix(Num(1));
  ++(reply.ok() ? seen.answered : seen.refused);
  co_return reply.status();
}

// Where an actor begins a coroutine.
enum class Where { kConstructor, kDestructor, kOnStart, kOnStop };
// What it does with it, and how it goes on.
enum class Then { kDrops, kKeeps, kDropsAndThrows, kKeepsAndThrows };

bool Throws(Then then) { return then == Then::kDropsAndThrows || then == Then::kKeepsAndThrows; }

class Stray final : public Actor {
 public:
  Stray(Probe::Ref peer, Where where, Then then) : peer_(peer), where_(where), then_(then) {
    BeginIn(Where::kConstructor);
  }
  ~Stray() override {
    // A destructor does not throw.
    if (where_ != Where::kDestructor) return;
    const Reply<void> said = Say(peer_);
  }
  Reply<void> OnStart(Context&) override {
    if (where_ != Where::kOnStart) return absl::OkStatus();
    BeginIn(Where::kOnStart);
    return absl::InternalError("it does not start");
  }
  Reply<void> OnStop(Context&, StopReason) override {
    BeginIn(Where::kOnStop);
    return absl::OkStatus();
  }
  void On(Context&, const Tick&) {}

 private:
  void BeginIn(Where here) {
    if (where_ != here) return;
    Reply<void> said = Say(peer_);
    if (then_ == Then::kKeeps || then_ == Then::kKeepsAndThrows) kept_ = std::move(said);
    if (Throws(then_)) throw std::runtime_error("thrown beside a coroutine");
  }

  const Probe::Ref peer_;
  const Where where_;
  const Then then_;
  const Alive alive_;
  std::optional<Reply<void>> kept_;
};

Script Answers() {
  return {.mix = [](Context& cx, const Number& n) -> Reply<Number> {
    co_await cx.Sleep(absl::Milliseconds(1));
    co_return n;
  }};
}

class StrayCoroutineTest : public testing::TestWithParam<std::tuple<Where, Then, int>> {};

void BeginsA(Where where, Then then, int shards) {
  seen = {};
  Stage stage(shards);
  const Probe::Ref peer(stage.Spawn(shards - 1, Answers()));
  const Ref<Stray> actor =
      stage.system().Spawn<Stray>({.restart = {.max = 1,
                                               .backoff_min = absl::Milliseconds(1),
                                               .backoff_max = absl::Milliseconds(1)},
                                   .placement = Placement::OnShard(0)},
                                  peer, where, then);
  stage.RunFor(absl::Microseconds(500));
  stage.ExpectServed();
  stage.RunFor(absl::Milliseconds(20));
  stage.system().Stop(actor);
  stage.RunFor(absl::Milliseconds(20));
  EXPECT_EQ(Alive::count(), 0) << "a coroutine outlived its actor";
  EXPECT_GE(seen.begun, 1);
  if (where == Where::kConstructor && then == Then::kKeeps) {
    EXPECT_EQ(seen.answered, 1);
  }
  stage.ExpectServed();
  stage.End();
}

TEST_P(StrayCoroutineTest, F113_ItEndsWithItsActorsLife) {
  const auto [where, then, shards] = GetParam();
  if (where == Where::kDestructor && then != Then::kDrops) {
    GTEST_SKIP() << "a destructor neither keeps nor throws";
  }
  RunInAChild([&] { BeginsA(where, then, shards); });
}

std::string NameOf(const testing::TestParamInfo<std::tuple<Where, Then, int>>& info) {
  static const char* const kWhere[] = {"Constructor", "Destructor", "OnStart", "OnStop"};
  static const char* const kThen[] = {"Drops", "Keeps", "DropsAndThrows", "KeepsAndThrows"};
  return std::string(kWhere[static_cast<int>(std::get<0>(info.param))]) +
         kThen[static_cast<int>(std::get<1>(info.param))] + std::to_string(std::get<2>(info.param));
}

INSTANTIATE_TEST_SUITE_P(All, StrayCoroutineTest,
                         testing::Combine(testing::Values(Where::kConstructor, Where::kDestructor,
                                                          Where::kOnStart, Where::kOnStop),
                                          testing::Values(Then::kDrops, Then::kKeeps,
                                                          Then::kDropsAndThrows,
                                                          Then::kKeepsAndThrows),
                                          testing::Values(1, 2)),
                         NameOf);

// A message that begins a coroutine as it is moved or destroyed, if it is told to.
class Talks {
 public:
  static inline bool moves = false;
  static inline bool moves_throw = false;
  static inline bool ends = false;

  explicit Talks(Probe::Ref peer) : peer_(peer) {}
  Talks(const Talks& other) : peer_(other.peer_) { Moved(); }
  Talks(Talks&& other) noexcept(false) : peer_(other.peer_) { Moved(); }
  ~Talks() {
    if (!ends) return;
    const Reply<void> said = Say(peer_);
  }

 private:
  void Moved() {
    if (!moves) return;
    const Reply<void> said = Say(peer_);
    if (moves_throw) throw std::runtime_error("thrown as it was moved");
  }

  const Probe::Ref peer_;
  const Alive alive_;
};

class Listener final : public Actor {
 public:
  explicit Listener(int* heard) : heard_(heard) {}
  void On(Context& cx, const Talks& message) {
    ++*heard_;
    if (*heard_ > 1) return;
    // As timers, the message is moved and copied when they fire.
    cx.After(this, absl::Milliseconds(1), Talks(message));
    cx.Every(this, absl::Milliseconds(1), Talks(message));
  }
  Reply<void> On(Context& cx, const Tick&) {
    co_await cx.Sleep(absl::Milliseconds(5));
    co_return absl::OkStatus();
  }

 private:
  int* const heard_;
};

// Sends one Talks to a Listener on the last shard, from an actor on the first.
template <typename Body>
void ListensTo(int shards, Body body) {
  RunInAChild([&] {
    seen = {};
    int heard = 0;
    Stage stage(shards);
    const Probe::Ref peer(stage.Spawn(shards - 1, Answers()));
    const Ref<Listener> listener = stage.system().Spawn<Listener>(
        {.restart = {.backoff_min = absl::Milliseconds(1), .backoff_max = absl::Milliseconds(1)},
         .placement = Placement::OnShard(shards - 1)},
        &heard);
    const Ref<ProbeActor> sender =
        stage.Spawn(0, Script{.tick = [&](Context&, const Tick&) { listener.Send(Talks(peer)); }});
    body(stage, sender, listener, heard);
    Talks::moves = Talks::moves_throw = Talks::ends = false;
    EXPECT_GE(seen.begun, 1);
    stage.ExpectServed();
    stage.End();
  });
}

class StrayMessageTest : public testing::TestWithParam<int> {};

TEST_P(StrayMessageTest, F113_BegunAsAMessageIsMoved) {
  ListensTo(GetParam(),
            [](Stage& stage, const Ref<ProbeActor>& sender, const Ref<Listener>&, int& heard) {
              Talks::moves = true;
              sender.Send(Tick{});
              stage.RunFor(absl::Milliseconds(5));
              stage.ExpectServed();
              EXPECT_GE(heard, 3);
              EXPECT_GE(seen.begun, 3);
            });
}

TEST_P(StrayMessageTest, F113_BegunAsAMessageIsMovedByATimerAndThenItThrows) {
  ListensTo(GetParam(),
            [](Stage& stage, const Ref<ProbeActor>& sender, const Ref<Listener>&, int& heard) {
              sender.Send(Tick{});
              stage.RunFor(absl::Microseconds(500));
              EXPECT_EQ(heard, 1);
              Talks::moves = Talks::moves_throw = true;
              stage.RunFor(absl::Milliseconds(20));
              EXPECT_EQ(stage.system().Counters().failures, 1u);
              stage.ExpectServed();
            });
}

TEST_P(StrayMessageTest, F113_BegunAsAMessageIsDestroyedBehindItsHandler) {
  ListensTo(GetParam(),
            [](Stage& stage, const Ref<ProbeActor>& sender, const Ref<Listener>&, int& heard) {
              Talks::ends = true;
              sender.Send(Tick{});
              stage.RunFor(absl::Milliseconds(5));
              stage.ExpectServed();
              EXPECT_GE(heard, 3);
              EXPECT_GE(seen.begun, 3);
            });
}

TEST_P(StrayMessageTest, F113_BegunAsAMessageIsDestroyedWithTheMailbox) {
  ListensTo(GetParam(), [](Stage& stage, const Ref<ProbeActor>& sender,
                           const Ref<Listener>& listener, int& heard) {
    listener.Send(Tick{});  // Holds the actor.
    stage.RunFor(absl::Milliseconds(1));
    sender.Send(Tick{});
    stage.RunFor(absl::Milliseconds(1));
    Talks::ends = true;
    stage.system().Stop(listener);
    stage.RunFor(absl::Milliseconds(5));
    EXPECT_EQ(heard, 0);
    EXPECT_EQ(Alive::count(), 0);
  });
}

TEST_P(StrayMessageTest, F113_BegunAsAMessageIsDestroyedOnItsWayToNobody) {
  ListensTo(GetParam(),
            [](Stage& stage, const Ref<ProbeActor>& sender, const Ref<Listener>& listener, int&) {
              stage.system().Stop(listener);
              stage.RunFor(absl::Milliseconds(5));
              Talks::ends = true;
              sender.Send(Tick{});
              stage.RunFor(absl::Milliseconds(5));
              EXPECT_EQ(Alive::count(), 0);
            });
}

TEST_P(StrayMessageTest, F113_BegunAsAMessageIsDestroyedWithItsTimer) {
  ListensTo(GetParam(), [](Stage& stage, const Ref<ProbeActor>& sender,
                           const Ref<Listener>& listener, int& heard) {
    sender.Send(Tick{});
    stage.RunFor(absl::Microseconds(100));
    EXPECT_EQ(heard, 1);
    Talks::ends = true;
    stage.system().Stop(listener);
    stage.RunFor(absl::Milliseconds(5));
    EXPECT_EQ(Alive::count(), 0);
  });
}

TEST_P(StrayMessageTest, F113_BegunAsAnActorsArgumentsAreDestroyed) {
  RunInAChild([&] {
    seen = {};
    Stage stage(GetParam());
    const Probe::Ref peer(stage.Spawn(0, Answers()));
    struct Holds final : Actor {
      explicit Holds(const Talks&) {}
      void On(Context&, const Tick&) {}
    };
    const Ref<Holds> holds =
        stage.system().Spawn<Holds>({.placement = Placement::OnShard(0)}, Talks(peer));
    stage.RunFor(absl::Milliseconds(1));
    Talks::ends = true;
    stage.system().Stop(holds);
    stage.RunFor(absl::Milliseconds(5));
    Talks::ends = false;
    EXPECT_GE(seen.begun, 1);
    EXPECT_EQ(Alive::count(), 0);
    stage.ExpectServed();
    stage.End();
  });
}

INSTANTIATE_TEST_SUITE_P(Shards, StrayMessageTest, testing::Values(1, 2));

}  // namespace
}  // namespace troupe::test
