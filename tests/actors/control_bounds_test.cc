// What the runtime itself sends to a shard that takes nothing: bounded, and beside the messages of
// actors, not in their place.

#include <cstddef>
#include <cstdint>
#include <functional>
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
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/system.h"
#include "troupe/tests/actors/heap_bytes.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/uneven_platform.h"

namespace troupe::test {
namespace {

struct Round {};
class Repeater;
using OneRound = std::function<void(Repeater&, Context&)>;

// Does the same thing again and again, and sends a message to `receiver` once in a while.
class Repeater final : public Actor {
 public:
  static constexpr int kRounds = 200;
  static constexpr int kEachRound = 1000;

  struct Outcome {
    int rounds = 0;
    int refused = 0;          // Of `receiver`'s messages.
    int64_t grown_bytes = 0;  // Since the first quarter.
  };

  Repeater(OneRound once, Ref<ProbeActor> receiver, Outcome* outcome)
      : once_(std::move(once)), receiver_(receiver), outcome_(outcome) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Self(this).Send(Round{});
    return absl::OkStatus();
  }
  void On(Context& cx, const Round&) {
    for (int i = 0; i < kEachRound; ++i) once_(*this, cx);
    if (receiver_.Send(Tick{}) != SendResult::kAccepted) ++outcome_->refused;
    ++outcome_->rounds;
    if (outcome_->rounds == kRounds / 4) before_bytes_ = HeapBytes();
    outcome_->grown_bytes = HeapBytes() - before_bytes_;
    if (outcome_->rounds < kRounds) cx.Self(this).Send(Round{});
  }
  void On(Context&, const Down&) {}
  void On(Context&, const Undelivered&) {}

 private:
  const OneRound once_;
  const Ref<ProbeActor> receiver_;
  Outcome* const outcome_;
  int64_t before_bytes_ = 0;
};

class ControlTest : public UnevenTest {
 protected:
  ControlTest() {
    Start(2);
    receiver_ = system_->Spawn<ProbeActor>(
        OnShard(1), Script{.tick = [this](Context&, const Tick&) { ++received_; }});
    target_ = system_->Spawn<ProbeActor>(
        OnShard(1), Script{.mix = [](Context& cx, const Number& n) -> Reply<Number> {
          co_await cx.Sleep(absl::Hours(1));
          co_return n;
        }});
    dead_ = system_->Spawn<ProbeActor>(OnShard(1), Script{});
    system_->Stop(dead_);
    simulation_.RunFor(absl::Milliseconds(10));
  }

  // Expects that `once`, done 200,000 times towards a shard that is held, is bounded in memory
  // and stands in no message's way.
  void ExpectBounded(OneRound once) {
    Repeater::Outcome outcome;
    platform_.Hold(1);
    system_->Spawn<Repeater>(OnShard(0), std::move(once), receiver_, &outcome);
    ASSERT_TRUE(simulation_.RunUntil([&] { return outcome.rounds == Repeater::kRounds; },
                                     absl::Minutes(1)));
    EXPECT_LT(outcome.grown_bytes, 4 << 20) << "while the other shard takes nothing";
    EXPECT_EQ(outcome.refused, 0) << "messages of " << Repeater::kRounds;
    platform_.Release(1);
    EXPECT_TRUE(simulation_.RunUntil(
        [&] { return received_ == Repeater::kRounds - outcome.refused; }, absl::Seconds(10)))
        << received_;
  }

  Ref<ProbeActor> receiver_;
  Ref<ProbeActor> target_;
  Ref<ProbeActor> dead_;
  int received_ = 0;
};

TEST_F(ControlTest, F117_MonitorAndDemonitorInALoop) {
  ExpectBounded([this](Repeater& self, Context& cx) {
    const MonitorId monitor = cx.Monitor(&self, target_);
    cx.Demonitor(monitor);
  });
}

TEST_F(ControlTest, F117_MonitorsOfTheDeadInALoop) {
  ExpectBounded([this](Repeater& self, Context& cx) {
    const MonitorId monitor = cx.Monitor(&self, dead_);
    cx.Demonitor(monitor);
  });
}

TEST_F(ControlTest, F117_StopOfADeadActorInALoop) {
  int refused = 0;
  ExpectBounded(
      [&](Repeater&, Context& cx) { refused += cx.Stop(dead_) == SendResult::kFull ? 1 : 0; });
  EXPECT_GT(refused, 0) << "Context::Stop() says nothing of a bound";
}

TEST_F(ControlTest, F117_StopThroughTheSystemInALoop) {
  int refused = 0;
  ExpectBounded(
      [&](Repeater&, Context&) { refused += system_->Stop(dead_) == SendResult::kFull ? 1 : 0; });
  EXPECT_GT(refused, 0) << "System::Stop() says nothing of a bound";
}

TEST_F(ControlTest, F117_RequestsThatAreCancelledInALoop) {
  ExpectBounded([this](Repeater&, Context&) {
    const Pending<Number> dropped = Probe::Ref(target_).Mix(Num(1)).Start();
  });
}

// Each stream's items are bounded by its reader's credit; here there are many streams.
TEST_F(ControlTest, F117_ItemsOfStreamsStandInNoMessagesWay) {
  constexpr int kStreams = 4096;
  int begun = 0;
  int64_t written = 0;
  int64_t read = 0;
  int ended = 0;
  const Ref<ProbeActor> writer = system_->Spawn<ProbeActor>(
      OnShard(1),
      Script{.count = [&](Context& cx, const Number& n, Sink<Number> out) -> Reply<void> {
        ++begun;
        co_await cx.Sleep(absl::Seconds(1));
        for (int64_t i = 0; i < n.value(); ++i) {
          const absl::Status wrote = co_await out.Write(Num(i));
          if (!wrote.ok()) break;
          ++written;
        }
        co_return absl::OkStatus();
      }});
  const int64_t credit = system_->limits().stream_credit_items;
  std::vector<Stream<Number>> streams;
  const Ref<ProbeActor> reader = system_->Spawn<ProbeActor>(
      {.mailbox = {.messages_max = 1u << 16}, .placement = Placement::OnShard(0)},
      Script{.tick = [this](Context&, const Tick&) { ++received_; }});
  Perform(reader, [&](ProbeActor&, Context&) {
    for (int i = 0; i < kStreams; ++i) {
      streams.push_back(Probe::Ref(writer).Count(Num(2 * credit)).Start());
    }
  });
  ASSERT_TRUE(simulation_.RunUntil([&] { return begun == kStreams; }, absl::Milliseconds(500)));
  platform_.Hold(0);
  EXPECT_TRUE(simulation_.RunUntil([&] { return written == kStreams * credit; }, absl::Seconds(2)))
      << written;
  int refused = 0;
  const Ref<ProbeActor> sender = system_->Spawn<ProbeActor>(OnShard(1), Script{});
  Perform(sender, [&](ProbeActor&, Context&) {
    for (int i = 0; i < 1000; ++i) refused += reader.Send(Tick{}) == SendResult::kAccepted ? 0 : 1;
  });
  EXPECT_EQ(refused, 0) << "messages beside the items of " << kStreams << " streams";
  platform_.Release(0);
  reader.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    for (Stream<Number>& stream : streams) {
      for (;;) {
        const absl::StatusOr<std::optional<Number>> item = co_await stream.Next();
        if (!item.ok() || !item->has_value()) break;
        ++read;
      }
      ++ended;
    }
    streams.clear();
    co_return absl::OkStatus();
  }});
  EXPECT_TRUE(simulation_.RunUntil([&] { return ended == kStreams; }, absl::Seconds(10))) << ended;
  EXPECT_EQ(read, 2 * credit * kStreams);
  EXPECT_TRUE(simulation_.RunUntil([&] { return received_ == 1000 - refused; }, absl::Seconds(1)));
}

}  // namespace
}  // namespace troupe::test
