// Messages from other shards that find no room at once: none is left where it waits, and an actor
// that prefers new messages gets the newest.

#include <cstddef>
#include <cstdint>
#include <map>
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
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/system.h"
#include "troupe/base/instant.h"
#include "troupe/base/limits.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/uneven_platform.h"

namespace troupe::test {
namespace {

constexpr size_t kKiB = 1024;

Number Padded(int64_t value, size_t bytes) {
  Number number = Num(value);
  number.set_padding(std::string(bytes, 'x'));
  return number;
}

// A receiver on the second shard, with a mailbox of 64 KiB, and senders on the first.
class ArrivalsTest : public UnevenTest {
 protected:
  Ref<ProbeActor> Receiver(MailboxOptions mailbox = {.bytes_max = 64 * kKiB}) {
    return system_->Spawn<ProbeActor>(
        {.mailbox = mailbox, .placement = Placement::OnShard(1)},
        Script{.ask = [](Context&, const Number& n) -> Reply<Number> { return n; },
               .tell = [this](Context&, const Number& n) -> Reply<void> {
                 handled_.push_back(n.value());
                 return absl::OkStatus();
               },
               .tick = [this](Context&, const Tick& tick) { handled_.push_back(tick.value); }});
  }
  Ref<ProbeActor> Sender() { return system_->Spawn<ProbeActor>(OnShard(0), Script{}); }

  std::vector<int64_t> handled_;
};

TEST_F(ArrivalsTest, OneThatTakesMoreThanSevenEighthsOfAnIdleActorsMailboxIsHandled) {
  Start(2);
  const Ref<ProbeActor> receiver = Receiver();
  Perform(Sender(), [&](ProbeActor&, Context&) {
    EXPECT_EQ(Probe::Ref(receiver).Tell(Padded(1, 60 * kKiB)), SendResult::kAccepted);
    EXPECT_EQ(Probe::Ref(receiver).Tell(Num(2)), SendResult::kAccepted);
  });
  simulation_.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(handled_, (std::vector<int64_t>{1, 2}));
}

TEST_F(ArrivalsTest, OneThatTakesMostOfTheMailboxOfAnActorThatIsOnItsWayIsHandled) {
  Start(2);
  Perform(Sender(), [&](ProbeActor& self, Context& cx) {
    const Ref<ProbeActor> child = cx.Spawn<ProbeActor>(
        {.mailbox = {.bytes_max = 64 * kKiB}, .placement = Placement::OnShard(1)},
        Script{.tell = [this](Context&, const Number& n) -> Reply<void> {
          handled_.push_back(n.value());
          return absl::OkStatus();
        }});
    EXPECT_EQ(Probe::Ref(child).Tell(Padded(1, 60 * kKiB)), SendResult::kAccepted);
    EXPECT_EQ(Probe::Ref(child).Tell(Num(2)), SendResult::kAccepted);
    static_cast<void>(self);
  });
  simulation_.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(handled_, (std::vector<int64_t>{1, 2}));
}

TEST_F(ArrivalsTest, ATurnTakesNoMoreThanItsLimit) {
  Start(2, {.turn_inbound_messages_max = 3});
  std::map<Instant, int> taken;  // By the turn.
  const Ref<ProbeActor> receiver = system_->Spawn<ProbeActor>(
      OnShard(1), Script{.tick = [&](Context& cx, const Tick&) { ++taken[cx.Now()]; }});
  simulation_.RunFor(absl::Milliseconds(1));
  Perform(Sender(), [&](ProbeActor&, Context&) {
    for (int i = 0; i < 12; ++i) receiver.Send(Tick{i});
  });
  simulation_.RunFor(absl::Milliseconds(1));
  int all = 0;
  for (const auto& [turn, count] : taken) {
    EXPECT_LE(count, 3);
    all += count;
  }
  EXPECT_EQ(all, 12);
}

TEST_F(ArrivalsTest, BehindRequestsThatAllExpireItIsHandled) {
  constexpr int kAsks = 40;
  // One turn takes the requests and what comes behind them, and not the news that nobody waits.
  Start(2, {.turn_inbound_messages_max = kAsks + 1});
  const Ref<ProbeActor> receiver = Receiver();
  simulation_.RunFor(absl::Milliseconds(1));
  platform_.Hold(1);
  const Ref<ProbeActor> sender = Sender();
  int outcomes = 0;
  sender.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    std::vector<Pending<Number>> asks;
    for (int i = 0; i < kAsks; ++i) {
      asks.push_back(
          Probe::Ref(receiver).Ask(Padded(i, kKiB)).Within(absl::Milliseconds(5)).Start());
    }
    EXPECT_EQ(Probe::Ref(receiver).Tell(Padded(1, 30 * kKiB)), SendResult::kAccepted);
    for (Pending<Number>& ask : asks) {
      EXPECT_EQ((co_await ask).status().code(), absl::StatusCode::kDeadlineExceeded);
      ++outcomes;
    }
    co_return absl::OkStatus();
  }});
  simulation_.RunFor(absl::Milliseconds(10));
  EXPECT_EQ(outcomes, kAsks);
  platform_.Release(1);
  simulation_.RunFor(absl::Milliseconds(10));
  EXPECT_EQ(handled_, std::vector<int64_t>{1}) << "what waited for room is left where it waits";
}

TEST_F(ArrivalsTest, AMailboxThatDropsItsOldestTakesTheNewestBehindOnesThatWait) {
  // Requests, which are not dropped, are its first 64; one-way messages wait behind them.
  constexpr int kMost = 64;
  Start(2, {.turn_messages_per_actor_max = kMost});
  const Ref<ProbeActor> receiver =
      Receiver({.messages_max = kMost, .overflow = Overflow::kDropOldest});
  const std::unique_ptr<Event> open = system_->runtime().platform().MakeEvent();
  bool opens = false;
  receiver.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    while (!opens) co_await cx.Sleep(absl::Microseconds(100));
    co_return absl::OkStatus();
  }});
  std::vector<Pending<Number>> asks;
  const Ref<ProbeActor> sender = Sender();
  Perform(sender, [&](ProbeActor&, Context&) {
    for (int i = 0; i < kMost; ++i) {
      asks.push_back(Probe::Ref(receiver).Ask(Num(i)).Within(absl::Hours(1)).Start());
    }
  });
  simulation_.RunFor(absl::Milliseconds(1));
  constexpr int kTold = 3 * kMost;
  for (int i = 0; i < kTold; ++i) {
    Perform(sender, [&](ProbeActor&, Context&) { receiver.Send(Tick{i}); });
    simulation_.RunFor(absl::Microseconds(10));
  }
  opens = true;
  simulation_.RunFor(absl::Milliseconds(10));
  ASSERT_FALSE(handled_.empty());
  EXPECT_EQ(handled_.back(), kTold - 1) << "the newest was refused and older ones were kept";
  Perform(sender, [&](ProbeActor&, Context&) { asks.clear(); });
}

}  // namespace
}  // namespace troupe::test
