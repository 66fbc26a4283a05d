// Thousands of requests given up in one turn: each costs the same however many there are, its
// place in the mailbox is free at once, and nobody else waits for it. The quadratic ways out take
// longer than the ten seconds that a child has.

#include <malloc.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/call.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/base/limits.h"
#include "troupe/tests/actors/in_a_child.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

enum class GivenUp { kDropped, kExpired, kAskerStopped };

struct Flood {
  GivenUp how = GivenUp::kDropped;
  int shards = 1;
  int count = 0;
};

Limits RoomFor(int count) {
  const auto room = static_cast<uint32_t>(count);
  return {.mailbox_messages_max = room,
          .mailbox_bytes_max = 1u << 30,
          .asks_per_actor_max = room + 1,
          .outbox_messages_max = 4 * room};
}

// An actor on the last shard that holds what it is asked for an hour; the requests that wait
// behind the first one, or that interleave.
struct Target {
  Target(Stage& stage, const Flood& flood)
      : ref(stage.Spawn(flood.shards - 1,
                        Script{.ask = [this](Context& cx, const Number& n) -> Reply<Number> {
                                 ++begun;
                                 co_await cx.Sleep(absl::Hours(1));
                                 co_return n;
                               },
                               .mix = [this](Context& cx, const Number& n) -> Reply<Number> {
                                 const Alive alive;
                                 ++begun;
                                 co_await cx.Sleep(absl::Hours(1));
                                 cancelled += cx.cancelled() ? 1 : 0;
                                 co_return n;
                               },
                               .tick = [this](Context&, const Tick&) { ++ticks; }})) {}

  int begun = 0;
  int cancelled = 0;
  int ticks = 0;
  const Ref<ProbeActor> ref;
};

// Starts `flood.count` requests by `ask` in one turn and gives them all up in one turn.
template <typename StartOne>
void GiveUp(Stage& stage, const Flood& flood, StartOne start_one) {
  // The asker's, too, until it has ended.
  const auto pending = std::make_shared<std::vector<Pending<Number>>>();
  const absl::Duration patience =
      flood.how == GivenUp::kExpired ? absl::Milliseconds(100) : absl::Minutes(30);
  const Ref<ProbeActor> asker =
      stage.Spawn(0, Script{.ask = [=](Context&, const Number& n) -> Reply<Number> {
                              for (int i = 0; i < flood.count; ++i) {
                                pending->push_back(start_one().Within(patience).Start());
                              }
                              return n;
                            },
                            .stop = [=](Context&, StopReason) -> Reply<void> {
                              pending->clear();
                              return absl::OkStatus();
                            },
                            .tick = [=](Context&, const Tick&) { pending->clear(); }});
  ASSERT_TRUE(Probe::Ref(asker).Ask(Num(0)).Wait().ok());
  stage.RunFor(absl::Milliseconds(50));
  int refused = 0;
  for (const Pending<Number>& each : *pending) refused += each.done() ? 1 : 0;
  ASSERT_EQ(refused, 0) << "requests that found no room";
  switch (flood.how) {
    case GivenUp::kDropped:
      asker.Send(Tick{});
      break;
    case GivenUp::kExpired:
      stage.RunFor(absl::Milliseconds(51));
      break;
    case GivenUp::kAskerStopped:
      stage.system().Stop(asker);
      break;
  }
  // The others are served meanwhile.
  stage.ExpectServed();
  stage.RunFor(absl::Milliseconds(50));
  stage.ExpectServed();
  if (flood.how == GivenUp::kExpired) asker.Send(Tick{});
  stage.RunFor(absl::Milliseconds(1));
  ASSERT_TRUE(pending->empty());
}

class CancelFloodTest : public testing::TestWithParam<Flood> {};

TEST_P(CancelFloodTest, F120_QueuedRequestsGiveTheirPlacesBackAtOnce) {
  RunInAChild([] {
    const Flood& flood = GetParam();
    Stage stage(flood.shards, RoomFor(flood.count));
    Target target(stage, flood);
    // Holds the actor; the asks below wait in the mailbox and fill it.
    const Ref<ProbeActor> holder =
        stage.Spawn(0, Script{.tell = [&](Context&, const Number& n) -> Reply<void> {
                      const absl::StatusOr<Number> held =
                          co_await Probe::Ref(target.ref).Ask(n).Within(absl::Hours(10));
                      co_return held.status();
                    }});
    (void)Probe::Ref(holder).Tell(Num(0));
    stage.RunFor(absl::Milliseconds(1));
    ASSERT_EQ(target.begun, 1);
    GiveUp(stage, flood, [&target] { return Probe::Ref(target.ref).Ask(Num(1)); });
    int accepted = 0;
    const Ref<ProbeActor> sender =
        stage.Spawn(flood.shards - 1, Script{.tick = [&](Context&, const Tick&) {
                      for (int i = 0; i < flood.count; ++i) {
                        accepted += target.ref.Send(Tick{}) == SendResult::kAccepted ? 1 : 0;
                      }
                    }});
    sender.Send(Tick{});
    stage.RunFor(absl::Milliseconds(1));
    EXPECT_EQ(accepted, flood.count) << "places of requests that were given up are still taken";
    EXPECT_EQ(target.begun, 1) << "a request that was given up was begun";
    stage.End();
  });
}

TEST_P(CancelFloodTest, F120_SuspendedRequestsAreCancelledOneForOne) {
  RunInAChild([] {
    const Flood& flood = GetParam();
    Stage stage(flood.shards, RoomFor(flood.count));
    Target target(stage, flood);
    GiveUp(stage, flood, [&target] { return Probe::Ref(target.ref).Mix(Num(1)); });
    stage.RunFor(absl::Milliseconds(200));
    EXPECT_EQ(target.begun, flood.count);
    EXPECT_EQ(target.cancelled, flood.count);
    EXPECT_EQ(Alive::count(), 0);
    stage.ExpectServed();
    stage.End();
  });
}

std::string NameOf(const testing::TestParamInfo<Flood>& info) {
  static const char* const kHow[] = {"Dropped", "Expired", "AskerStopped"};
  return std::string(kHow[static_cast<int>(info.param.how)]) + std::to_string(info.param.count) +
         "On" + std::to_string(info.param.shards);
}

INSTANTIATE_TEST_SUITE_P(
    Floods, CancelFloodTest,
    testing::Values(Flood{GivenUp::kDropped, 1, 8192}, Flood{GivenUp::kDropped, 2, 8192},
                    Flood{GivenUp::kExpired, 1, 8192}, Flood{GivenUp::kExpired, 2, 8192},
                    Flood{GivenUp::kAskerStopped, 1, 8192}, Flood{GivenUp::kAskerStopped, 2, 8192},
                    Flood{GivenUp::kDropped, 1, 16384}, Flood{GivenUp::kDropped, 1, 100'000},
                    Flood{GivenUp::kDropped, 2, 100'000}, Flood{GivenUp::kExpired, 1, 100'000}),
    NameOf);

// Asks and changes its mind, over and over, while the actor does not run.
void AskAndCancel(int shards) {
  constexpr int kRounds = 100;
  constexpr int kEach = 1000;
  Stage stage(shards, {.mailbox_messages_max = 2 * kEach});
  const Flood flood{.shards = shards};
  Target target(stage, flood);
  size_t bytes_before = 0;
  const absl::StatusOr<Number> outcome =
      stage.Run([&](Context& cx, const Number& n) -> Reply<Number> {
        Number large;
        large.set_padding(std::string(2000, 'p'));
        Pending<Number> holds = Probe::Ref(target.ref).Ask(large).Within(absl::Hours(1)).Start();
        co_await cx.Sleep(absl::Milliseconds(1));
        for (int round = 0; round < kRounds; ++round) {
          for (int i = 0; i < kEach; ++i) {
            const Pending<Number> pending = Probe::Ref(target.ref).Ask(large).Start();
            if (pending.done()) co_return absl::ResourceExhaustedError("no room");
          }
          co_await cx.Sleep(absl::Milliseconds(1));
          if (round == kRounds / 10) bytes_before = mallinfo2().uordblks;
        }
        co_return n;
      });
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  // All that was asked since then: 180 MB.
  EXPECT_LT(mallinfo2().uordblks, bytes_before + (16u << 20));
  EXPECT_EQ(target.begun, 1);
  stage.ExpectServed();
  stage.End();
}

TEST(CancelFloodMemoryTest, F120_AFloodOfAskAndCancelKeepsMemoryBounded) {
  RunInAChild([] { AskAndCancel(1); });
}

TEST(CancelFloodMemoryTest, F120_SoDoesOneFromAnotherShard) {
  RunInAChild([] { AskAndCancel(2); });
}

}  // namespace
}  // namespace troupe::test
