// Handlers that poll with awaits whose results they ignore, after their caller has gone: each
// cancelled await takes a turn. Each runs in a child process, since one that takes none never
// returns.

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/call.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stream.h"
#include "troupe/tests/actors/in_a_child.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

constexpr absl::Duration kTurn = absl::Microseconds(10);

// Ticks once a turn, as often as it is told to.
class Metronome final : public Actor {
 public:
  Metronome(int* ticks, int ticks_max) : ticks_(*ticks), ticks_max_(ticks_max) {}

  void On(Context& cx, const Tick&) {
    if (++ticks_ < ticks_max_) cx.After(this, absl::ZeroDuration(), Tick{});
  }

 private:
  int& ticks_;
  const int ticks_max_;
};

enum class Await { kSleep, kWrite, kNext, kRequest, kPending, kAll, kOffload, kHelper };

Reply<void> Helper(Context& cx) {
  const Alive alive;
  (void)co_await cx.Sleep(absl::Milliseconds(1));
  co_return absl::OkStatus();
}

// Awaits that alone until `ready`.
Reply<void> Poll(Context& cx, Await what, Probe::Ref peer, const bool& ready) {
  const Alive alive;
  switch (what) {
    case Await::kSleep:
      while (!ready) (void)co_await cx.Sleep(absl::Milliseconds(1));
      break;
    case Await::kNext: {
      Stream<Number> stream = peer.Count(Num(0));
      while (!ready) (void)co_await stream.Next();
      break;
    }
    case Await::kRequest:
      while (!ready) (void)co_await peer.Mix(Num(0));
      break;
    case Await::kPending:
      while (!ready) {
        Pending<Number> pending = peer.Mix(Num(0)).Start();
        (void)co_await pending;
      }
      break;
    case Await::kAll:
      while (!ready) (void)co_await All(peer.Mix(Num(0)), peer.Mix(Num(1)));
      break;
    case Await::kOffload:
      while (!ready) (void)co_await cx.Offload([] {});
      break;
    case Await::kHelper:
      while (!ready) (void)co_await Helper(cx);
      break;
    case Await::kWrite:
      break;
  }
  co_return absl::OkStatus();
}

// Answers each request, and writes an item, every millisecond.
Script Peer() {
  return {.mix = [](Context& cx, const Number& n) -> Reply<Number> {
            co_await cx.Sleep(absl::Milliseconds(1));
            co_return n;
          },
          .count = [](Context& cx, const Number&, Sink<Number> out) -> Reply<void> {
            for (int i = 0; !cx.cancelled(); ++i) {
              co_await cx.Sleep(absl::Milliseconds(1));
              const absl::Status written = co_await out.Write(Num(i));
              if (!written.ok()) co_return written;
            }
            co_return absl::OkStatus();
          }};
}

// Expects that an actor whose timer is due in each turn is served in each, give or take one.
void ExpectEachTurnServed(Stage& stage, int shard) {
  constexpr int kTicks = 100;
  int ticks = 0;
  const Ref<Metronome> metronome = stage.system().Spawn<Metronome>(OnShard(shard), &ticks, kTicks);
  metronome.Send(Tick{});
  stage.RunFor(2 * kTicks * kTurn);
  EXPECT_EQ(ticks, kTicks) << "another actor waited for more than a turn";
}

void PollsOn(Await what, bool expires, int shards) {
  bool ready = false;
  int ended = 0;
  int ticks = 0;
  Stage stage(shards, {}, {.turn_time = {kTurn, kTurn}, .log_to_stderr = false});
  const Probe::Ref peer(stage.Spawn(shards - 1, Peer()));
  const auto polls = [&, peer](Context& cx, const Number& n) -> Reply<Number> {
    (co_await Poll(cx, what, peer, ready)).IgnoreError();
    ++ended;
    co_return n;
  };
  const Ref<ProbeActor> poller = stage.Spawn(
      shards - 1, Script{.ask = polls,
                         .mix = polls,
                         .count = [&](Context&, const Number&, Sink<Number> out) -> Reply<void> {
                           while (!ready) (void)co_await out.Write(Num(0));
                           ++ended;
                           co_return absl::OkStatus();
                         },
                         .tick = [&](Context&, const Tick&) { ++ticks; }});
  const absl::Duration patience = expires ? absl::Milliseconds(20) : absl::Hours(1);
  const absl::StatusOr<Number> given_up =
      stage.Run([&, poller](Context& cx, const Number& n) -> Reply<Number> {
        if (what == Await::kWrite) {
          Stream<Number> stream = Probe::Ref(poller).Count(n).Within(patience).Start();
          co_await cx.Sleep(absl::Milliseconds(30));
        } else {
          Pending<Number> pending = Probe::Ref(poller).Mix(n).Within(patience).Start();
          co_await cx.Sleep(absl::Milliseconds(30));
        }
        co_return n;
      });
  EXPECT_TRUE(given_up.ok()) << given_up.status();
  stage.RunFor(absl::Milliseconds(1));
  stage.ExpectServed();
  ExpectEachTurnServed(stage, shards - 1);
  // The actor itself is not held either.
  poller.Send(Tick{});
  stage.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(ticks, 1);
  EXPECT_EQ(ended, 0);
  ready = true;
  stage.RunFor(absl::Milliseconds(5));
  EXPECT_EQ(ended, 1) << "a cancelled handler that goes on was not resumed";
  stage.End();
}

class CoroutineCancelTest : public testing::TestWithParam<std::tuple<Await, bool, int>> {};

TEST_P(CoroutineCancelTest, F111_EachCancelledAwaitTakesATurn) {
  const auto [what, expires, shards] = GetParam();
  RunInAChild([&] { PollsOn(what, expires, shards); });
}

std::string NameOf(const testing::TestParamInfo<std::tuple<Await, bool, int>>& info) {
  static const char* const kNames[] = {"Sleep",   "Write", "Next",    "Request",
                                       "Pending", "All",   "Offload", "Helper"};
  return std::string(kNames[static_cast<int>(std::get<0>(info.param))]) +
         (std::get<1>(info.param) ? "Expired" : "Dropped") +
         std::to_string(std::get<2>(info.param));
}

INSTANTIATE_TEST_SUITE_P(
    All, CoroutineCancelTest,
    testing::Combine(testing::Values(Await::kSleep, Await::kWrite, Await::kNext, Await::kRequest,
                                     Await::kPending, Await::kAll, Await::kOffload, Await::kHelper),
                     testing::Bool(), testing::Values(1, 2)),
    NameOf);

// One that holds its actor while it polls: the actor's other messages wait, nobody else's.
TEST(CoroutineCancelHeldTest, F111_AHandlerThatHoldsItsActorHoldsNobodyElse) {
  RunInAChild([] {
    bool ready = false;
    Stage stage(1);
    const Probe::Ref poller(
        stage.Spawn(0, Script{.ask = [&](Context& cx, const Number& n) -> Reply<Number> {
                      while (!ready) (void)co_await cx.Sleep(absl::Milliseconds(1));
                      co_return n;
                    }}));
    EXPECT_EQ(poller.Ask(Num(1)).Within(absl::Milliseconds(20)).Wait().status().code(),
              absl::StatusCode::kDeadlineExceeded);
    stage.ExpectServed();
    ready = true;
    const absl::StatusOr<Number> next = poller.Ask(Num(2)).Wait();
    EXPECT_TRUE(next.ok()) << next.status();
    stage.End();
  });
}

// What a handler that is cancelled asked itself says how far it got, as all that fails does.
TEST(CoroutineCancelHeldTest, ARequestWhoseAwaitIsCancelledSaysHowFarItGot) {
  RunInAChild([] {
    Stage stage(2);
    const Probe::Ref silent(
        stage.Spawn(1, Script{.mix = [](Context& cx, const Number& n) -> Reply<Number> {
                                co_await cx.Sleep(absl::InfiniteDuration());
                                co_return n;
                              },
                              .count = [](Context& cx, const Number&, Sink<Number>) -> Reply<void> {
                                co_await cx.Sleep(absl::InfiniteDuration());
                                co_return absl::OkStatus();
                              }}));
    std::vector<absl::Status> outcomes;
    const Probe::Ref asker(
        stage.Spawn(0, Script{.mix = [&, silent](Context&, const Number& n) -> Reply<Number> {
                      Pending<Number> pending = silent.Mix(n).Start();
                      Stream<Number> stream = silent.Count(n);
                      switch (n.value()) {
                        case 0:
                          outcomes.push_back((co_await silent.Mix(n)).status());
                          break;
                        case 1:
                          outcomes.push_back((co_await pending).status());
                          break;
                        default:
                          outcomes.push_back((co_await stream.Next()).status());
                      }
                      outcomes.push_back((co_await silent.Mix(n)).status());
                      co_return n;
                    }}));
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(asker.Mix(Num(i)).Within(absl::Milliseconds(10)).Wait().ok());
      stage.RunFor(absl::Milliseconds(5));
    }
    EXPECT_EQ(outcomes.size(), 6u);
    for (size_t i = 0; i < outcomes.size(); ++i) {
      EXPECT_EQ(outcomes[i].code(), absl::StatusCode::kCancelled) << outcomes[i];
      EXPECT_TRUE(HasCertainty(outcomes[i])) << outcomes[i];
      EXPECT_EQ(CertaintyOf(outcomes[i]),
                i % 2 == 0 ? Certainty::kMaybeExecuted : Certainty::kNotSent)
          << outcomes[i];
    }
    stage.End();
  });
}

// The handlers that a failing actor leaves behind end with it, polling or not.
TEST(CoroutineCancelHeldTest, F111_AnActorThatIsStoppedWhileItPollsEnds) {
  RunInAChild([] {
    bool ready = false;
    Stage stage(2);
    const Ref<ProbeActor> poller =
        stage.Spawn(1, Script{.mix = [&](Context& cx, const Number& n) -> Reply<Number> {
                      const Alive alive;
                      while (!ready) (void)co_await cx.Sleep(absl::Milliseconds(1));
                      co_return n;
                    }});
    const absl::StatusOr<Number> given_up =
        stage.Run([poller](Context& cx, const Number& n) -> Reply<Number> {
          Pending<Number> pending = Probe::Ref(poller).Mix(n).Start();
          co_await cx.Sleep(absl::Milliseconds(5));
          co_return n;
        });
    EXPECT_TRUE(given_up.ok());
    stage.RunFor(absl::Milliseconds(1));
    stage.system().Stop(poller);
    stage.RunFor(absl::Milliseconds(5));
    EXPECT_EQ(Alive::count(), 0);
    stage.ExpectServed();
  });
}

}  // namespace
}  // namespace troupe::test
