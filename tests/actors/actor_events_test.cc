// Events of descriptors, children and timers, as actors see them.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/system.h"
#include "troupe/base/instant.h"
#include "troupe/loop/loop.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

Instant ClockNow() { return internal::Shard::Current()->loop().platform().clock().Now(); }

// Makes this turn's reading of the clock old.
void AgeTurn(Context& cx, absl::Duration age) {
  while (ClockNow() < cx.Now() + age) {
  }
}

// Whether what came at `now` came before `armed` and `delay`.
std::string WhenOf(Instant armed, absl::Duration delay, Instant now) {
  return now < armed + delay ? "early" : "in time";
}

TEST(ActorTimersTest, ADelayBeginsWhenItIsAskedForHoweverOldTheTurnIs) {
  constexpr absl::Duration kDelay = absl::Milliseconds(2);
  Instant armed;
  Collected<std::string> seen;
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor =
      system->Spawn<ProbeActor>({}, Script{.tick = [&](Context& cx, const Tick& tick) {
                                  seen.Add(WhenOf(armed, kDelay, ClockNow()));
                                  cx.Stop();
                                }});
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    AgeTurn(cx, 2 * kDelay);
    armed = ClockNow();
    cx.After(&self, kDelay, Tick{});
  });
  EXPECT_EQ(seen.Wait(1)[0], "in time");
}

TEST(ActorTimersTest, AFirstPeriodBeginsWhenItIsAskedForHoweverOldTheTurnIs) {
  constexpr absl::Duration kPeriod = absl::Milliseconds(2);
  Instant armed;
  Collected<std::string> seen;
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor =
      system->Spawn<ProbeActor>({}, Script{.tick = [&](Context& cx, const Tick& tick) {
                                  seen.Add(WhenOf(armed, kPeriod, ClockNow()));
                                  cx.Stop();
                                }});
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    AgeTurn(cx, 2 * kPeriod);
    armed = ClockNow();
    cx.Every(&self, kPeriod, Tick{});
  });
  EXPECT_EQ(seen.Wait(1)[0], "in time");
}

TEST(ActorTimersTest, ASleepBeginsWhenItIsAskedForHoweverOldTheTurnIs) {
  constexpr absl::Duration kDelay = absl::Milliseconds(2);
  Collected<std::string> seen;
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>({}, Script{});
  actor.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    AgeTurn(cx, 2 * kDelay);
    const Instant begun = ClockNow();
    co_await cx.Sleep(kDelay);
    seen.Add(WhenOf(begun, kDelay, ClockNow()));
    co_return absl::OkStatus();
  }});
  EXPECT_EQ(seen.Wait(1)[0], "in time");
}

// --- Descriptors. ---

size_t WatchCount() { return internal::Shard::Current()->loop().poller().watch_count(); }

TEST(ActorDescriptorsTest, AWatchThatFailsLeavesNothingInThePoller) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  // The kernel keeps what it was asked for as long as the duplicate lives.
  const int duplicate = dup(ends[0]);
  size_t before = 0;
  Collected<size_t> left;
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor =
      system->Spawn<ProbeActor>({}, Script{.fd_ready = [&](Context& cx, const FdReady& ready) {
                                  if (ready.status.ok()) {
                                    close(ready.fd);  // Without Unwatch: a mistake.
                                  } else {
                                    EXPECT_EQ(ready.events, static_cast<uint32_t>(kError));
                                    left.Add(WatchCount());
                                  }
                                }});
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    before = WatchCount();
    cx.Watch(&self, ends[0], kReadable);
  });
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  EXPECT_EQ(left.Wait(1)[0], before);
  close(ends[1]);
  Settle(actor);
  close(duplicate);
}

TEST(ActorDescriptorsTest, TheNextEventIsAsOfTheEndOfTheLastOnesHandler) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  close(ends[1]);  // A hang-up cannot be silenced.
  Collected<uint32_t> seen;
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor =
      system->Spawn<ProbeActor>({}, Script{.fd_ready = [&](Context& cx, const FdReady& ready) {
                                  seen.Add(ready.events);
                                  if (ready.events == kHangup) cx.Unwatch(ready.watch);
                                  if (seen.Now().size() == 3) cx.Unwatch(ready.watch);
                                }});
  actor.Send(Do{[&](ProbeActor& self, Context& cx) -> Reply<void> {
    cx.Watch(&self, ends[0], kReadable);
    for (int i = 0; i < 5; ++i) co_await cx.Sleep(absl::Milliseconds(1));
    co_return absl::OkStatus();
  }});
  for (const uint32_t events : seen.Wait(2)) EXPECT_EQ(events, kReadable | kHangup);
  Settle(actor);
  close(ends[0]);
}

// --- Children. ---

TEST(ActorChildrenTest, AChildsOutputWaitsForTheHandlerOfWhatCameBefore) {
  Collected<size_t> waiting;
  Collected<bool> outputs;
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
      {},
      Script{.output = [&](Context&, const ChildOutput& output) { outputs.Add(output.is_stderr); },
             .exited = [](Context&, const ChildExited&) {}});
  actor.Send(Do{[&](ProbeActor& self, Context& cx) -> Reply<void> {
    const ChildOptions endless{.argv = {"/bin/sh", "-c", "yes >&2 & yes"}};
    EXPECT_TRUE(cx.Exec(&self, endless).ok());
    while (Waiting() < 2) co_await cx.Sleep(absl::Milliseconds(1));
    for (int i = 0; i < 5; ++i) co_await cx.Sleep(absl::Milliseconds(1));
    waiting.Add(Waiting());
    co_return absl::OkStatus();
  }});
  // One of standard output and one of standard error.
  EXPECT_EQ(waiting.Wait(1)[0], 2u);
  outputs.Wait(20);
}

TEST(ActorChildrenTest, AllOutputComesBeforeTheExit) {
  constexpr size_t kBytes = 300'000;
  size_t bytes = 0;
  Collected<size_t> ended;
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
      {},
      Script{.output = [&](Context&, const ChildOutput& output) { bytes += output.bytes.size(); },
             .exited = [&](Context&, const ChildExited&) { ended.Add(bytes); }});
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    const ChildOptions zeros{.argv = {"head", "-c", std::to_string(kBytes), "/dev/zero"}};
    EXPECT_TRUE(cx.Exec(&self, zeros).ok());
  });
  EXPECT_EQ(ended.Wait(1)[0], kBytes);
}

TEST(ActorEventsTest, EventsThatWaitTakeNoPlaceInTheMailboxFromSenders) {
  Collected<SendResult> sent;
  Collected<int64_t> ticks;
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
      {.mailbox = {.messages_max = 2}},
      Script{.tick = [&](Context&, const Tick& tick) { ticks.Add(tick.value); }});
  actor.Send(Do{[&](ProbeActor& self, Context& cx) -> Reply<void> {
    for (int i = 0; i < 5; ++i) cx.After(&self, absl::ZeroDuration(), Tick{i});
    co_await cx.Sleep(absl::Milliseconds(1));
    EXPECT_EQ(Waiting(), 5u);
    const Ref<ProbeActor> me = cx.Self(&self);
    for (int i = 5; i < 8; ++i) sent.Add(me.Send(Tick{i}));
    co_return absl::OkStatus();
  }});
  EXPECT_EQ(sent.Wait(3), (std::vector<SendResult>{SendResult::kAccepted, SendResult::kAccepted,
                                                   SendResult::kFull}));
  EXPECT_EQ(ticks.Wait(7), (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6}));
  // What was counted is counted off again.
  Settle(actor);
  EXPECT_EQ(actor.Send(Tick{8}), SendResult::kAccepted);
  ticks.Wait(8);
}

TEST(ActorTimersTest, APeriodThatIsNotPositiveGivesNoTimer) {
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>({}, Script{});
  Perform(actor, [](ProbeActor& self, Context& cx) {
    EXPECT_EQ(cx.Every(&self, absl::ZeroDuration(), Tick{}), TimerId());
    EXPECT_EQ(cx.Every(&self, absl::Seconds(-1), Tick{}), TimerId());
  });
  Settle(actor);
}

}  // namespace
}  // namespace troupe::test
