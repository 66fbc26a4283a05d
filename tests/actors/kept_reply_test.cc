// A Reply that an actor keeps in a member beyond the handler that began it: it goes on beside the
// actor's other handlers and ends with the actor's life.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/call.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/actors/stream.h"
#include "troupe/tests/actors/in_a_child.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

struct Seen {
  int rounds = 0;
  int ticks = 0;
  int lives = 0;
  bool right_self = true;
  bool cancelled = false;
};

enum class Waits { kSleep, kOffload, kRequest };

struct Begin {
  Waits waits = Waits::kSleep;
  int rounds_max = 1 << 30;
};
struct Drop {};
struct Throw {};
struct Await {
  absl::StatusOr<int>* outcome;
};
struct DropIn {
  absl::Duration time;
};

// Keeps what it begins.
class Keeper final : public Actor {
 public:
  Keeper(Probe::Ref peer, Seen* seen) : peer_(peer), seen_(seen) { ++seen_->lives; }

  void On(Context& cx, const Begin& begin) { kept_ = Work(cx, begin.waits, begin.rounds_max); }
  void On(Context&, const Tick&) { ++seen_->ticks; }
  void On(Context&, const Drop&) { kept_.reset(); }
  void On(Context& cx, const DropIn& drop) { dropper_ = DropKept(cx, drop.time); }
  void On(Context&, const Throw&) { throw std::runtime_error("thrown"); }
  Reply<void> On(Context&, const Await& await) {
    absl::StatusOr<int>* const outcome = await.outcome;
    *outcome = co_await *kept_;
    co_return absl::OkStatus();
  }

 private:
  Reply<void> DropKept(Context& cx, absl::Duration time) {
    co_await cx.Sleep(time);
    kept_.reset();
    co_return absl::OkStatus();
  }
  Reply<int> Work(Context& cx, Waits waits, int rounds_max) {
    const Alive alive;
    const AnyRef self = cx.self();
    for (int round = 0; round < rounds_max; ++round) {
      if (waits == Waits::kSleep) co_await cx.Sleep(absl::Milliseconds(1));
      if (waits == Waits::kOffload) (co_await cx.Offload([] {})).IgnoreError();
      if (waits == Waits::kRequest) (co_await peer_.Mix(Num(1))).status().IgnoreError();
      ++seen_->rounds;
      seen_->right_self = seen_->right_self && cx.self() == self;
      seen_->cancelled = seen_->cancelled || cx.cancelled();
      cx.After(this, absl::ZeroDuration(), Tick{});
    }
    co_return rounds_max;
  }

  const Probe::Ref peer_;
  Seen* const seen_;
  const Alive alive_;
  std::optional<Reply<int>> kept_;
  std::optional<Reply<void>> dropper_;
};

// A Keeper on the last of some shards, and its peer, which answers after a millisecond.
class KeptReplyTest : public testing::TestWithParam<Waits> {
 protected:
  template <typename Body>
  static void InAChild(Body body) {
    RunInAChild([&] {
      Seen seen;
      Stage stage(2);
      const Probe::Ref peer(
          stage.Spawn(0, Script{.mix = [](Context& cx, const Number& n) -> Reply<Number> {
                        co_await cx.Sleep(absl::Milliseconds(1));
                        co_return n;
                      }}));
      const Ref<Keeper> keeper = stage.system().Spawn<Keeper>(OnShard(1), peer, &seen);
      body(stage, keeper, seen);
      EXPECT_TRUE(seen.right_self);
      stage.ExpectServed();
      stage.End();
    });
  }
};

TEST_P(KeptReplyTest, F114_ItGoesOnBesideOtherHandlers) {
  InAChild([](Stage& stage, const Ref<Keeper>& keeper, Seen& seen) {
    keeper.Send(Begin{.waits = GetParam()});
    stage.RunFor(absl::Milliseconds(20));
    EXPECT_GE(seen.rounds, 5);
    EXPECT_GE(seen.ticks, seen.rounds - 1);
    EXPECT_FALSE(seen.cancelled);
    keeper.Send(Tick{});
    stage.RunFor(absl::Milliseconds(1));
    EXPECT_GE(seen.ticks, 6);
  });
}

TEST_P(KeptReplyTest, F114_ALaterHandlerAwaitsIt) {
  InAChild([](Stage& stage, const Ref<Keeper>& keeper, Seen& seen) {
    absl::StatusOr<int> outcome = absl::UnknownError("not yet");
    keeper.Send(Begin{.waits = GetParam(), .rounds_max = 5});
    stage.RunFor(absl::Microseconds(100));
    keeper.Send(Await{&outcome});
    stage.RunFor(absl::Milliseconds(100));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(*outcome, 5);
    EXPECT_EQ(seen.rounds, 5);
  });
}

TEST_P(KeptReplyTest, F114_ItEndsWithItsActor) {
  InAChild([](Stage& stage, const Ref<Keeper>& keeper, Seen& seen) {
    keeper.Send(Begin{.waits = GetParam()});
    stage.RunFor(absl::Milliseconds(10));
    stage.system().Stop(keeper);
    stage.RunFor(absl::Milliseconds(10));
    EXPECT_EQ(Alive::count(), 0);
    const int rounds = seen.rounds;
    stage.RunFor(absl::Milliseconds(10));
    EXPECT_EQ(seen.rounds, rounds);
  });
}

TEST_P(KeptReplyTest, F114_ItEndsWithALifeThatFails) {
  InAChild([](Stage& stage, const Ref<Keeper>& keeper, Seen& seen) {
    keeper.Send(Begin{.waits = GetParam()});
    stage.RunFor(absl::Milliseconds(10));
    keeper.Send(Throw{});
    stage.RunFor(absl::Seconds(1));
    EXPECT_EQ(seen.lives, 2);
    EXPECT_EQ(Alive::count(), 1) << "more than the second life itself";
    const int rounds = seen.rounds;
    keeper.Send(Begin{.waits = GetParam(), .rounds_max = 1});
    stage.RunFor(absl::Milliseconds(10));
    EXPECT_EQ(seen.rounds, rounds + 1);
  });
}

TEST_P(KeptReplyTest, F114_AnotherHandlerMayDropIt) {
  InAChild([](Stage& stage, const Ref<Keeper>& keeper, Seen& seen) {
    keeper.Send(Begin{.waits = GetParam()});
    stage.RunFor(absl::Milliseconds(10));
    keeper.Send(Drop{});
    stage.RunFor(absl::Milliseconds(10));
    EXPECT_EQ(Alive::count(), 1) << "more than the actor itself";
    const int ticks = seen.ticks;
    keeper.Send(Tick{});
    stage.RunFor(absl::Milliseconds(1));
    EXPECT_EQ(seen.ticks, ticks + 1);
  });
}

// The one that awaits runs again in the actor's next visit, the one that drops it in this one.
TEST_P(KeptReplyTest, F112_DroppedBetweenItsEndAndTheResumptionOfItsAwaiterThatOneIsCancelled) {
  if (GetParam() != Waits::kSleep) GTEST_SKIP() << "it takes two that end in one turn";
  InAChild([](Stage& stage, const Ref<Keeper>& keeper, Seen& seen) {
    absl::StatusOr<int> outcome = absl::UnknownError("not yet");
    keeper.Send(Begin{.waits = GetParam(), .rounds_max = 1});
    keeper.Send(DropIn{absl::Milliseconds(1)});
    keeper.Send(Await{&outcome});
    stage.RunFor(absl::Milliseconds(10));
    EXPECT_EQ(seen.rounds, 1);
    EXPECT_EQ(outcome.status().code(), absl::StatusCode::kCancelled) << outcome.status();
  });
}

TEST_P(KeptReplyTest, F112_DroppedWhileALaterHandlerAwaitsItThatOneIsCancelled) {
  InAChild([](Stage& stage, const Ref<Keeper>& keeper, Seen&) {
    absl::StatusOr<int> outcome = absl::UnknownError("not yet");
    keeper.Send(Begin{.waits = GetParam()});
    stage.RunFor(absl::Milliseconds(1));
    keeper.Send(Await{&outcome});
    stage.RunFor(absl::Milliseconds(1));
    // The awaiting handler holds the actor: the drop comes as the actor ends.
    stage.system().Stop(keeper);
    stage.RunFor(absl::Milliseconds(10));
    EXPECT_FALSE(outcome.ok());
    EXPECT_EQ(Alive::count(), 0);
  });
}

// --- One that throws. ---

Reply<void> ThrowsLater(Context& cx) {
  co_await cx.Sleep(absl::Milliseconds(1));
  throw std::runtime_error("thrown beside all handlers");
}

TEST(KeptReplyThrowTest, F48_WhatNobodyAwaitsFailsItsActor) {
  Stage stage(1);
  std::optional<Reply<void>> kept;
  const Ref<ProbeActor> actor = stage.Spawn(
      0, Script{.tick = [&](Context& cx, const Tick&) { kept.emplace(ThrowsLater(cx)); }},
      {.restart = {.kind = RestartKind::kNever}});
  actor.Send(Tick{});
  stage.RunFor(absl::Milliseconds(5));
  EXPECT_EQ(stage.system().Counters().failures, 1u);
  EXPECT_TRUE(stage.Logged("nobody awaits", "thrown beside all handlers"));
  Perform(stage.Spawn(0, Script{}), [&](ProbeActor&, Context&) {
    EXPECT_EQ(actor.Send(Tick{}), SendResult::kGone);
    kept.reset();
  });
}

TEST(KeptReplyThrowTest, F48_WhatIsDroppedUntakenFailsItsActor) {
  Stage stage(1);
  const auto done = stage.Run([](Context& cx, const Number& n) -> Reply<Number> {
    {
      const Reply<void> dropped = ThrowsLater(cx);
      co_await cx.Sleep(absl::Milliseconds(2));
      EXPECT_TRUE(dropped.done());
    }
    co_return n;
  });
  EXPECT_EQ(stage.system().Counters().failures, 1u);
}

TEST(KeptReplyThrowTest, F48_WhatIsAwaitedLaterIsThrownThere) {
  Stage stage(1);
  const auto done = stage.Run([](Context& cx, const Number& n) -> Reply<Number> {
    Reply<void> throws = ThrowsLater(cx);
    co_await cx.Sleep(absl::Milliseconds(2));
    try {
      (co_await throws).IgnoreError();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error&) {
    }
    co_return n;
  });
  EXPECT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(stage.system().Counters().failures, 0u);
}

INSTANTIATE_TEST_SUITE_P(Waits, KeptReplyTest,
                         testing::Values(Waits::kSleep, Waits::kOffload, Waits::kRequest));

// Kept from OnStart on, as a background task of the actor.
struct Background final : public Actor {
  explicit Background(int* rounds) : rounds(rounds) {}
  Reply<void> OnStart(Context& cx) override {
    kept = Work(cx);
    return absl::OkStatus();
  }
  Reply<void> Work(Context& cx) {
    const Alive alive;
    while (true) {
      co_await cx.Sleep(absl::Milliseconds(1));
      ++*rounds;
      if (cx.Remaining() != absl::InfiniteDuration()) co_return absl::InternalError("a deadline");
    }
  }
  void On(Context&, const Tick&) {}

  int* const rounds;
  std::optional<Reply<void>> kept;
};

TEST(KeptReplyStartTest, F114_BegunInOnStartItGoesOnForTheWholeLife) {
  RunInAChild([] {
    int rounds = 0;
    Stage stage(1);
    const Ref<Background> actor = stage.system().Spawn<Background>(OnShard(0), &rounds);
    stage.RunFor(absl::Milliseconds(100));
    EXPECT_GE(rounds, 50);
    EXPECT_EQ(Alive::count(), 1);
    stage.system().Stop(actor);
    stage.RunFor(absl::Milliseconds(10));
    EXPECT_EQ(Alive::count(), 0);
    stage.ExpectServed();
    stage.End();
  });
}

// --- An actor that answers with the coroutine of another one. ---

class LentReplyTest : public testing::Test {
 protected:
  LentReplyTest() {
    lender_ = stage_.Spawn(
        0, Script{.tick = [this](Context& cx, const Tick&) { lent_.emplace(Never(cx)); }});
    borrower_ = stage_.Spawn(
        0, Script{.ask = [this](Context&, const Number&) -> Reply<Number> {
                    return *std::exchange(lent_, std::nullopt);
                  },
                  .mix = [](Context&, const Number& n) -> Reply<Number> { return n; }});
    lender_.Send(Tick{});
    stage_.RunFor(absl::Milliseconds(1));
  }
  static Reply<Number> Never(Context& cx) {
    const Alive alive;
    co_await cx.Sleep(absl::InfiniteDuration());
    co_return Num(0);
  }
  // Asks the borrower for the coroutine, at once and on the same shard.
  void Ask() {
    stage_.Spawn(0, Script{}).Send(Do{[this](ProbeActor&, Context&) -> Reply<void> {
      outcome_ = co_await borrower_.Ask(Num(0));
      co_return absl::OkStatus();
    }});
    stage_.RunFor(absl::Milliseconds(1));
  }
  void ExpectAborted() {
    EXPECT_EQ(outcome_.status().code(), absl::StatusCode::kAborted) << outcome_.status();
    EXPECT_EQ(outcome_.status().message(),
              "the coroutine that was to answer has ended with its actor");
    EXPECT_EQ(Alive::count(), 0);
    const auto later = borrower_.Mix(Num(7)).Within(absl::Milliseconds(10)).Wait();
    EXPECT_TRUE(later.ok()) << later.status();
  }

  std::optional<Reply<Number>> lent_;
  absl::StatusOr<Number> outcome_ = absl::UnknownError("not yet");
  Stage stage_{1};
  Ref<ProbeActor> lender_;
  Probe::Ref borrower_;
};

TEST_F(LentReplyTest, F114_WhoseActorEndsMeanwhileTheRequestIsAborted) {
  Ask();
  EXPECT_EQ(outcome_.status().code(), absl::StatusCode::kUnknown);
  stage_.system().Stop(lender_);
  stage_.RunFor(absl::Milliseconds(1));
  ExpectAborted();
}

TEST_F(LentReplyTest, F114_WhoseActorHasEndedTheRequestIsAborted) {
  stage_.system().Stop(lender_);
  stage_.RunFor(absl::Milliseconds(1));
  Ask();
  ExpectAborted();
}

// Answers for its start or its stop with a coroutine that goes on no more.
struct Borrows final : public Actor {
  explicit Borrows(std::optional<Reply<void>>* lent) : lent(lent) {}
  Reply<void> OnStart(Context& cx) override {
    if (*lent) return *std::exchange(*lent, std::nullopt);
    kept.emplace(Forever(cx));
    return absl::OkStatus();
  }
  Reply<void> OnStop(Context&, StopReason) override { return *std::exchange(kept, std::nullopt); }
  static Reply<void> Forever(Context& cx) {
    const Alive alive;
    co_await cx.Sleep(absl::InfiniteDuration());
    co_return absl::OkStatus();
  }

  std::optional<Reply<void>>* const lent;
  std::optional<Reply<void>> kept;
};

TEST(LentForLifeTest, F114_AnOnStopWithACoroutineOfTheLifeThatIsOverEnds) {
  std::optional<Reply<void>> none;
  Stage stage(1);
  const Ref<Borrows> actor = stage.system().Spawn<Borrows>(OnShard(0), &none);
  stage.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(Alive::count(), 1);
  stage.system().Stop(actor);
  stage.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(Alive::count(), 0);
  EXPECT_EQ(stage.system().Counters().stopped, 1u);
}

TEST(LentForLifeTest, F114_AnOnStartWithTheCoroutineOfAnActorThatHasEndedFails) {
  std::optional<Reply<void>> lent;
  Stage stage(1);
  const Ref<ProbeActor> lender = stage.Spawn(
      0, Script{.tick = [&](Context& cx, const Tick&) { lent.emplace(Borrows::Forever(cx)); }});
  lender.Send(Tick{});
  stage.RunFor(absl::Milliseconds(1));
  stage.system().Spawn<Borrows>(
      {.restart = {.kind = RestartKind::kNever}, .placement = Placement::OnShard(0)}, &lent);
  stage.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(stage.system().Counters().failures, 0u);
  stage.system().Stop(lender);
  stage.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(stage.system().Counters().failures, 1u);
  EXPECT_TRUE(stage.Logged("failed: OnStart: the coroutine that was to answer has ended"));
}

// --- A request or stream that an actor keeps, awaited by handlers whose callers give up. ---

struct KeptRequest {
  std::optional<Pending<Number>> request;
  std::optional<Stream<Number>> stream;
};

Reply<Number> Outcome(Pending<Number>& kept) { co_return co_await kept; }

// What `keeper` has of `kept`, for a caller that waits for `patience`.
absl::StatusOr<Number> Read(Probe::Ref keeper, absl::Duration patience) {
  return keeper.Ask(Num(0)).Within(patience).Wait();
}

TEST(KeptRequestTest, F119_AHandlerThatIsCancelledAtItLeavesItToTheNext) {
  for (const bool streams : {false, true}) {
    SCOPED_TRACE(streams);
    KeptRequest kept;
    std::vector<absl::StatusCode> seen;
    Stage stage(2);
    const Probe::Ref peer(stage.Spawn(
        1, Script{.mix = [](Context& cx, const Number& n) -> Reply<Number> {
                    co_await cx.Sleep(absl::Milliseconds(10));
                    co_return n;
                  },
                  .count = [](Context& cx, const Number& n, Sink<Number> out) -> Reply<void> {
                    co_await cx.Sleep(absl::Milliseconds(10));
                    (co_await out.Write(n)).IgnoreError();
                    co_return absl::OkStatus();
                  }}));
    const Ref<ProbeActor> keeper =
        stage.Spawn(0, Script{.ask = [&](Context&, const Number&) -> Reply<Number> {
                                if (!streams) {
                                  absl::StatusOr<Number> outcome = co_await *kept.request;
                                  seen.push_back(outcome.status().code());
                                  co_return outcome;
                                }
                                const auto item = co_await kept.stream->Next();
                                seen.push_back(item.status().code());
                                if (!item.ok()) co_return item.status();
                                co_return item->value_or(Num(-1));
                              },
                              .tick =
                                  [&](Context&, const Tick&) {
                                    kept.request.emplace(peer.Mix(Num(5)).Start());
                                    kept.stream.emplace(peer.Count(Num(5)).Start());
                                  }});
    keeper.Send(Tick{});
    EXPECT_EQ(Read(keeper, absl::Milliseconds(2)).status().code(),
              absl::StatusCode::kDeadlineExceeded);
    const absl::StatusOr<Number> second = Read(keeper, absl::Seconds(1));
    ASSERT_TRUE(second.ok()) << second.status();
    EXPECT_EQ(second->value(), 5);
    EXPECT_EQ(seen, std::vector({absl::StatusCode::kCancelled, absl::StatusCode::kOk}));
    Perform(keeper, [&](ProbeActor&, Context&) { kept = {}; });
  }
}

// The await is cancelled and the reply comes before the handler runs again.
TEST(KeptRequestTest, WhatComesForAHandlerThatIsCancelledIsTheNexts) {
  std::optional<Pending<Number>> kept;
  Stage stage(1);
  const Probe::Ref peer(
      stage.Spawn(0, Script{.mix = [](Context& cx, const Number& n) -> Reply<Number> {
                    co_await cx.Sleep(absl::Milliseconds(9));
                    co_return n;
                  }}));
  const Ref<ProbeActor> keeper = stage.Spawn(
      0, Script{.ask = [&](Context&, const Number&) { return Outcome(*kept); },
                .tick = [&](Context&, const Tick&) { kept.emplace(peer.Mix(Num(5)).Start()); }});
  keeper.Send(Tick{});
  absl::StatusOr<Number> first = absl::UnknownError("not yet");
  stage.Spawn(0, Script{}).Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    first = co_await Probe::Ref(keeper).Ask(Num(0)).Within(absl::Milliseconds(10));
    co_return absl::OkStatus();
  }});
  stage.RunFor(absl::Milliseconds(1));
  stage.simulation().Pause("node", absl::Milliseconds(20));
  stage.RunFor(absl::Milliseconds(30));
  EXPECT_EQ(first.status().code(), absl::StatusCode::kDeadlineExceeded) << first.status();
  const absl::StatusOr<Number> second = Read(keeper, absl::Seconds(1));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->value(), 5);
  Perform(keeper, [&](ProbeActor&, Context&) { kept.reset(); });
}

TEST(KeptRequestTest, AHandlerThatIsCancelledTakesNothingFromAStreamThatHasEnded) {
  std::optional<Stream<Number>> kept;
  absl::Status cancelled;
  Stage stage(1);
  const Probe::Ref peer(stage.Spawn(
      0, Script{.count = [](Context&, const Number& n, Sink<Number> out) -> Reply<void> {
        (co_await out.Write(n)).IgnoreError();
        co_return absl::OkStatus();
      }}));
  const Ref<ProbeActor> keeper = stage.Spawn(
      0, Script{.ask = [&](Context& cx, const Number& n) -> Reply<Number> {
                  co_await cx.Sleep(absl::Milliseconds(n.value()));
                  const auto item = co_await kept->Next();
                  if (cx.cancelled()) cancelled = item.status();
                  if (!item.ok()) co_return item.status();
                  co_return item->value_or(Num(-1));
                },
                .tick = [&](Context&, const Tick&) { kept.emplace(peer.Count(Num(5)).Start()); }});
  keeper.Send(Tick{});
  EXPECT_FALSE(Probe::Ref(keeper).Ask(Num(1000)).Within(absl::Milliseconds(10)).Wait().ok());
  const absl::StatusOr<Number> second = Read(keeper, absl::Seconds(1));
  EXPECT_EQ(cancelled.code(), absl::StatusCode::kCancelled) << cancelled;
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->value(), 5);
  Perform(keeper, [&](ProbeActor&, Context&) { kept.reset(); });
}

// --- Beside the mailbox. ---

// Is ready in every turn.
Reply<void> Spin(const bool* stop, int* rounds) {
  Reply<int> spent = 1;
  while (!*stop) {
    (co_await spent).status().IgnoreError();
    ++*rounds;
  }
  co_return absl::OkStatus();
}

TEST(KeptReplyTurnTest, CoroutinesThatAreReadyInEveryVisitLeaveRoomForTheMailbox) {
  constexpr int kTurn = 16;
  for (const uint32_t limit : {1u, 2u, 16u}) {
    SCOPED_TRACE(limit);
    bool stop = false;
    int rounds = 0;
    std::vector<int> rounds_seen;
    std::vector<Reply<void>> kept;
    Stage stage(1, {.turn_messages_max = kTurn, .turn_messages_per_actor_max = limit});
    const Ref<ProbeActor> actor = stage.Spawn(0, Script{.tick = [&](Context&, const Tick&) {
                                                if (!kept.empty())
                                                  return rounds_seen.push_back(rounds);
                                                for (int i = 0; i < 4 * kTurn; ++i)
                                                  kept.push_back(Spin(&stop, &rounds));
                                              }});
    actor.Send(Tick{});
    stage.RunFor(absl::Microseconds(100));
    for (int i = 0; i < 100; ++i) actor.Send(Tick{});
    stage.RunFor(absl::Milliseconds(10));
    ASSERT_EQ(rounds_seen.size(), 100u);
    EXPECT_LE(rounds_seen.back() - rounds_seen.front(), 4 * 100) << "of the coroutines";
    stop = true;
    stage.RunFor(absl::Milliseconds(1));
    Perform(actor, [&](ProbeActor&, Context&) { kept.clear(); });
  }
}

// Handlers that wait go on before new ones begin, or there were more and more of them.
TEST(KeptReplyTurnTest, HandlersThatWaitAreAsManyAsAVisitTakes) {
  constexpr int kRequests = 2000;
  int waiting = 0;
  int waiting_max = 0;
  int done = 0;
  Stage stage(1);
  const Probe::Ref peer(
      stage.Spawn(0, Script{.mix = [](Context&, const Number& n) -> Reply<Number> { return n; }}));
  const Probe::Ref server(
      stage.Spawn(0, Script{.mix = [&](Context&, const Number& n) -> Reply<Number> {
                    waiting_max = std::max(waiting_max, ++waiting);
                    for (int i = 0; i < 10; ++i) (co_await peer.Mix(n)).status().IgnoreError();
                    --waiting;
                    ++done;
                    co_return n;
                  }}));
  stage.Spawn(0, Script{}).Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    std::vector<Pending<Number>> all;
    for (int i = 0; i < kRequests; ++i) all.push_back(server.Mix(Num(i)).Start());
    for (Pending<Number>& each : all) EXPECT_TRUE((co_await each).ok());
    co_return absl::OkStatus();
  }});
  stage.RunFor(absl::Seconds(1));
  EXPECT_EQ(done, kRequests);
  EXPECT_LE(waiting_max, 300);
}

}  // namespace
}  // namespace troupe::test
