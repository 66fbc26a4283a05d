// What an actor's later lives keep of the promises to its first, and its end between two of them.

#include <algorithm>
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
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/base/instant.h"
#include "troupe/base/limits.h"
#include "troupe/sim/simulation_options.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

void Fails(Context&, const Tick&) { throw std::runtime_error("a failure of the test"); }

// An actor that fails at each Tick, and the times at which its lives began.
struct Phoenix {
  Phoenix(Stage& stage, RestartOptions restart)
      : stage(stage),
        ref(stage.Spawn(0,
                        Script{.start = [this](ProbeActor&, Context&) -> Reply<void> {
                                 births.push_back(this->stage.simulation().clock().Now());
                                 return absl::OkStatus();
                               },
                               .tick = &Fails},
                        {.restart = restart})) {
    stage.RunFor(absl::Milliseconds(1));
  }
  // How long the next life took to begin; infinite when it has not within `patience`.
  absl::Duration WaitAfterFailure(absl::Duration patience) {
    const size_t lives = births.size();
    const Instant failed = stage.simulation().clock().Now();
    ref.Send(Tick{});
    const bool born = stage.simulation().RunUntil([&] { return births.size() > lives; }, patience);
    return born ? births.back() - failed : absl::InfiniteDuration();
  }

  Stage& stage;
  std::vector<Instant> births;
  const Ref<ProbeActor> ref;
};

TEST(BackoffTest, AfterAQuietWindowItStartsAtItsMinimumAgain) {
  Stage stage(1);
  Phoenix phoenix(stage, {.max = 100,
                          .within = absl::Seconds(30),
                          .backoff_min = absl::Milliseconds(100),
                          .backoff_max = absl::Seconds(30)});
  absl::Duration longest = absl::Milliseconds(100);
  for (int i = 0; i < 6; ++i) {
    const absl::Duration wait = phoenix.WaitAfterFailure(absl::Minutes(1));
    EXPECT_GE(wait, std::max(longest / 2, absl::Milliseconds(100))) << i;
    EXPECT_LE(wait, longest + absl::Milliseconds(5)) << i;
    longest *= 2;
  }
  stage.RunFor(absl::Seconds(31));
  EXPECT_LE(phoenix.WaitAfterFailure(absl::Minutes(1)), absl::Milliseconds(105));
  // The next in a row is doubled again.
  const absl::Duration next = phoenix.WaitAfterFailure(absl::Minutes(1));
  EXPECT_GE(next, absl::Milliseconds(100));
  EXPECT_LE(next, absl::Milliseconds(205));
  stage.End();
}

// A window that is not quiet is no reason to start again.
TEST(BackoffTest, AFailureWithinTheWindowKeepsItLong) {
  Stage stage(1);
  Phoenix phoenix(stage, {.max = 100,
                          .within = absl::Seconds(30),
                          .backoff_min = absl::Milliseconds(100),
                          .backoff_max = absl::Seconds(30)});
  for (int i = 0; i < 5; ++i) phoenix.WaitAfterFailure(absl::Minutes(1));
  stage.RunFor(absl::Seconds(20));
  EXPECT_GE(phoenix.WaitAfterFailure(absl::Minutes(1)), absl::Milliseconds(1600));
  stage.End();
}

class StopDuringRestartTest : public testing::TestWithParam<int> {};

// The outcome of a request that waits for the next life of an actor which is stopped instead.
absl::Status OutcomeOfQueued(int shards, Script script, absl::Duration until_stop) {
  Stage stage(shards);
  const Ref<ProbeActor> actor =
      stage.Spawn(shards - 1, std::move(script),
                  {.restart = {.backoff_min = absl::Hours(1), .backoff_max = absl::Hours(1)}});
  stage.RunFor(absl::Milliseconds(1));
  actor.Send(Tick{});
  stage.RunFor(absl::Milliseconds(1));
  absl::Status outcome = absl::UnknownError("none yet");
  const Ref<ProbeActor> asker =
      stage.Spawn(0, Script{.tell = [&](Context&, const Number& n) -> Reply<void> {
                    outcome = (co_await Probe::Ref(actor).Ask(n).Within(absl::Hours(10))).status();
                    co_return absl::OkStatus();
                  }});
  EXPECT_EQ(Probe::Ref(asker).Tell(Num(1)), SendResult::kAccepted);
  stage.RunFor(until_stop);
  EXPECT_EQ(outcome.code(), absl::StatusCode::kUnknown) << "it did not wait: " << outcome;
  stage.system().Stop(actor);
  stage.RunFor(absl::Seconds(2));
  stage.ExpectServed();
  EXPECT_EQ(stage.system().Counters().restarts, until_stop < absl::Seconds(1) ? 0u : 1u);
  stage.End();
  return outcome;
}

TEST_P(StopDuringRestartTest, WhatIsQueuedInTheBackoffIsAnswered) {
  const absl::Status outcome = OutcomeOfQueued(
      GetParam(),
      Script{.ask = [](Context&, const Number& n) -> Reply<Number> { return n; }, .tick = &Fails},
      absl::Minutes(10));
  EXPECT_EQ(outcome.code(), absl::StatusCode::kUnavailable) << outcome;
  EXPECT_EQ(CertaintyOf(outcome), Certainty::kNotExecuted);
}

// A child whose OnStop takes its time is between the two lives.
TEST_P(StopDuringRestartTest, SoIsWhatIsQueuedWhileTheChildrenStop) {
  const absl::Status outcome = OutcomeOfQueued(
      GetParam(),
      Script{.ask = [](Context&, const Number& n) -> Reply<Number> { return n; },
             .start = [](ProbeActor&, Context& cx) -> Reply<void> {
               cx.Spawn<ProbeActor>({}, Script{.stop = [](Context& cx, StopReason) -> Reply<void> {
                                      co_await cx.Sleep(absl::Seconds(1));
                                      co_return absl::OkStatus();
                                    }});
               return absl::OkStatus();
             },
             .tick = &Fails},
      absl::Milliseconds(100));
  EXPECT_EQ(outcome.code(), absl::StatusCode::kUnavailable) << outcome;
  EXPECT_EQ(CertaintyOf(outcome), Certainty::kNotExecuted);
}

// Not only once the children have stopped.
TEST_P(StopDuringRestartTest, WhatIsQueuedIsAnsweredAsAStopBegins) {
  Stage stage(GetParam());
  const Ref<ProbeActor> actor = stage.Spawn(
      GetParam() - 1, Script{.ask = [](Context& cx, const Number& n) -> Reply<Number> {
                               co_await cx.Sleep(absl::Hours(1));
                               co_return n;
                             },
                             .start = [](ProbeActor&, Context& cx) -> Reply<void> {
                               cx.Spawn<ProbeActor>(
                                   {}, Script{.stop = [](Context& cx, StopReason) -> Reply<void> {
                                     co_await cx.Sleep(absl::Seconds(1));
                                     co_return absl::OkStatus();
                                   }});
                               return absl::OkStatus();
                             }});
  absl::Status ran = absl::UnknownError("none yet");
  absl::Status queued = ran;
  const Ref<ProbeActor> asker = stage.Spawn(
      0, Script{.tell = [&](Context&, const Number& n) -> Reply<void> {
        Pending<Number> first = Probe::Ref(actor).Ask(n).Within(absl::Hours(10)).Start();
        Pending<Number> second = Probe::Ref(actor).Ask(n).Within(absl::Hours(10)).Start();
        queued = (co_await second).status();
        ran = (co_await first).status();
        co_return absl::OkStatus();
      }});
  EXPECT_EQ(Probe::Ref(asker).Tell(Num(1)), SendResult::kAccepted);
  stage.RunFor(absl::Milliseconds(1));
  stage.system().Stop(actor);
  stage.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(stage.system().Counters().stopped, 0u) << "its child was to take a second";
  EXPECT_EQ(queued.code(), absl::StatusCode::kUnavailable) << queued;
  EXPECT_EQ(CertaintyOf(queued), Certainty::kNotExecuted);
  EXPECT_EQ(ran.code(), absl::StatusCode::kAborted) << ran;
  EXPECT_EQ(CertaintyOf(ran), Certainty::kMaybeExecuted);
  stage.RunFor(absl::Seconds(2));
  EXPECT_EQ(stage.system().Counters().stopped, 2u);
  stage.End();
}

INSTANTIATE_TEST_SUITE_P(Shards, StopDuringRestartTest, testing::Values(1, 2));

TEST(SecondLifeTest, OnStopRunsInEachLifeThatDoesNotFail) {
  Stage stage(1);
  std::vector<StopReason> stops;
  int starts = 0;
  const Ref<ProbeActor> actor = stage.Spawn(
      0,
      Script{.start = [&](ProbeActor&, Context&) -> Reply<void> {
               ++starts;
               return absl::OkStatus();
             },
             .stop = [&](Context&, StopReason reason) -> Reply<void> {
               stops.push_back(reason);
               return absl::OkStatus();
             },
             .tick = &Fails},
      {.restart = {.backoff_min = absl::Milliseconds(1), .backoff_max = absl::Milliseconds(1)}});
  stage.RunFor(absl::Milliseconds(1));
  for (int i = 0; i < 2; ++i) {
    actor.Send(Tick{});
    stage.RunFor(absl::Milliseconds(5));
  }
  EXPECT_EQ(starts, 3);
  EXPECT_EQ(stops.size(), 0u) << "a life that failed has no OnStop";
  stage.system().Stop(actor);
  stage.RunFor(absl::Milliseconds(5));
  EXPECT_EQ(stops, std::vector<StopReason>{StopReason::kStopped});
  EXPECT_EQ(stage.system().Counters().stopped, 1u);
  stage.End();
}

// --- The end, on the way to another life. ---

// Counts what was not freed.
struct Heavy {
  Alive alive;
};
class TakesHeavy final : public Actor {
 public:
  void On(Context&, const Heavy&) {}
  // Ends its life while a function is on a worker thread.
  Reply<void> On(Context& cx, const Tick&) {
    kept_.emplace(Offload(cx));
    throw std::runtime_error("its life ends");
  }

 private:
  static Reply<void> Offload(Context& cx) {
    const absl::Status worked = co_await cx.Offload([] {});
    co_return worked;
  }
  std::optional<Reply<void>> kept_;
};

TEST(SecondLifeTest, OneThatIsKilledOnItsWayToANewLifeRefusesAllThatWaits) {
  SimulationOptions options{.record_trace = true, .log_to_stderr = false};
  // Longer than drain_timeout.
  options.worker_time = {absl::Seconds(2), absl::Seconds(2)};
  Stage stage(2, {.turn_messages_per_actor_max = 8, .drain_timeout = absl::Seconds(1)}, options);
  const Ref<TakesHeavy> actor = stage.system().Spawn<TakesHeavy>(
      {.mailbox = {.messages_max = 8},
       .restart = {.backoff_min = absl::Milliseconds(1), .backoff_max = absl::Milliseconds(1)},
       .placement = Placement::OnShard(1)});
  actor.Send(Tick{});
  stage.RunFor(absl::Milliseconds(1));
  Perform(stage.Spawn(0, Script{}), [&](ProbeActor&, Context&) {
    for (int i = 0; i < 16; ++i) EXPECT_EQ(actor.Send(Heavy{}), SendResult::kAccepted);
  });
  stage.RunFor(absl::Milliseconds(1));
  EXPECT_GT(Alive::count(), 8) << "none waits for room";
  stage.End();
}

}  // namespace
}  // namespace troupe::test
