// What is said to whoever is refused names what was wrong, and is not said of anything else.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/call.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stream.h"
#include "troupe/base/limits.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

void ExpectSays(const absl::Status& status, absl::StatusCode code, std::string_view words) {
  EXPECT_EQ(status.code(), code) << status;
  const std::string_view text(status.message().data(), status.message().size());
  EXPECT_NE(text.find(words), text.npos) << text << "\ndoes not say: " << words;
}

Reply<void> Tells(Pending<Number>& pending, absl::Status& told) {
  told = (co_await pending).status();
  co_return absl::OkStatus();
}
Reply<void> Reads(Stream<Number>& stream, absl::Status& told) {
  told = (co_await stream.Next()).status();
  co_return absl::OkStatus();
}
Reply<void> Sleeps(Context& cx) {
  co_await cx.Sleep(absl::Hours(1));
  co_return absl::OkStatus();
}
Reply<void> Naps(Context& cx) {
  co_await cx.Sleep(absl::Microseconds(1));
  co_return absl::OkStatus();
}
Reply<void> Throws(Context& cx) {
  co_await cx.Sleep(absl::Microseconds(1));
  throw std::runtime_error("thrown");
}
Reply<void> CountsTurns(Context& cx, int& turns) {
  for (;;) {
    const Slept slept = co_await cx.Sleep(absl::ZeroDuration());
    if (!slept.ok()) co_return absl::OkStatus();
    ++turns;
  }
}
Reply<void> Awaits(Reply<void>& reply, absl::Status& told) {
  told = co_await reply;
  co_return absl::OkStatus();
}

Script Slow() {
  return {.mix = [](Context& cx, const Number& n) -> Reply<Number> {
            co_await cx.Sleep(absl::Milliseconds(1));
            co_return n;
          },
          .count = [](Context& cx, const Number&, Sink<Number>) -> Reply<void> {
            co_await cx.Sleep(absl::Hours(1));
            co_return absl::OkStatus();
          }};
}

void ExpectAStreamWithoutItems(Stage& stage, const Probe::Ref& writer) {
  const absl::StatusOr<Number> done =
      stage.Run([writer](Context&, const Number& n) -> Reply<Number> {
        Stream<Number> stream = writer.Count(n).Start();
        const absl::StatusOr<std::optional<Number>> item = co_await stream.Next();
        EXPECT_TRUE(item.ok() && !item->has_value());
        co_return n;
      });
  EXPECT_TRUE(done.ok()) << done.status();
}

// --- Who is not there. ---

absl::Status Asked(Stage& stage, const Probe::Ref& target) {
  return stage
      .Run([target](Context&, const Number& n) -> Reply<Number> {
        co_return co_await target.Mix(n);
      })
      .status();
}

TEST(RefusalTextsTest, AnEmptyHandle) {
  Stage stage(1);
  ExpectSays(Asked(stage, Probe::Ref()), absl::StatusCode::kUnavailable, "the handle is empty");
}

TEST(RefusalTextsTest, AnActorThatHasEnded) {
  Stage stage(1);
  const Ref<ProbeActor> actor = stage.Spawn(0, Slow());
  stage.system().Stop(actor);
  stage.RunFor(absl::Milliseconds(1));
  ExpectSays(Asked(stage, actor), absl::StatusCode::kUnavailable, "the actor has ended");
}

TEST(RefusalTextsTest, AnActorThatWasNeverBorn) {
  Stage stage(1, {.names_max = 0});
  const Ref<ProbeActor> actor = stage.Spawn(0, Slow(), {.name = "somebody"});
  ExpectSays(Asked(stage, actor), absl::StatusCode::kUnavailable, "names_max");
}

TEST(RefusalTextsTest, AnActorOfAnotherProcessWithoutANode) {
  Stage stage(1);
  const Ref<ProbeActor> here = stage.Spawn(0, Slow());
  const AnyRef there(here.system(), here.incarnation() + 1, 0, here.slot(), here.generation());
  ExpectSays(Asked(stage, Probe::Ref(there)), absl::StatusCode::kUnavailable, "another process");
}

TEST(RefusalTextsTest, ASpawnFromOutsideThatIsRefusedIsLoggedUnlessItsCallerIsTold) {
  Stage stage(1);
  stage.Spawn(0, Slow(), {.name = "somebody"});
  EXPECT_FALSE(stage.system().TrySpawn<ProbeActor>({.name = "somebody"}, Slow()).ok());
  EXPECT_FALSE(stage.Logged("is spawned", "somebody"));
  stage.Spawn(0, Slow(), {.name = "somebody"});
  EXPECT_TRUE(stage.Logged("is spawned", "somebody"));
}

TEST(RefusalTextsTest, ANameThatIsTakenAtTheLimitOfNames) {
  Stage stage(1, {.names_max = 1});
  stage.Spawn(0, Slow(), {.name = "somebody"});
  const auto spawned = [&stage](std::string name) {
    return stage.system().TrySpawn<ProbeActor>({.name = std::move(name)}, Slow()).status();
  };
  ExpectSays(spawned("somebody"), absl::StatusCode::kAlreadyExists, "somebody");
  ExpectSays(spawned("else"), absl::StatusCode::kResourceExhausted, "names_max");
}

TEST(RefusalTextsTest, AChildThatIsRefusedIsLogged) {
  Stage stage(1, {.children_per_actor_max = 1});
  Perform(stage.Spawn(0, Script{}), [](ProbeActor&, Context& cx) {
    cx.Spawn<ProbeActor>({}, Script{});
    cx.Spawn<ProbeActor>({}, Script{});
  });
  EXPECT_TRUE(stage.Logged("is spawned", "children_per_actor_max"));
}

// --- What was awaited. ---

TEST(RefusalTextsTest, ARequestThatIsAwaitedTwice) {
  Stage stage(1);
  const Probe::Ref peer(stage.Spawn(0, Slow()));
  const auto done = stage.Run([peer](Context&, const Number& n) -> Reply<Number> {
    Pending<Number> pending = peer.Mix(n).Start();
    (co_await pending).IgnoreError();
    ExpectSays((co_await pending).status(), absl::StatusCode::kFailedPrecondition,
               "a request was awaited twice");
    co_return n;
  });
  EXPECT_TRUE(done.ok()) << done.status();
}

TEST(RefusalTextsTest, ARequestThatWasMovedFrom) {
  Stage stage(1);
  const Probe::Ref peer(stage.Spawn(0, Slow()));
  const auto done = stage.Run([peer](Context&, const Number& n) -> Reply<Number> {
    Pending<Number> pending = peer.Mix(n).Start();
    const Pending<Number> moved = std::move(pending);
    ExpectSays((co_await pending).status(), absl::StatusCode::kFailedPrecondition, "moved from");
    EXPECT_FALSE(moved.done());
    co_return n;
  });
  EXPECT_TRUE(done.ok()) << done.status();
}

// Which takes a turn: a loop of such awaits holds nobody up.
TEST(RefusalTextsTest, AReplyThatIsAwaitedAgain) {
  Stage stage(1);
  const auto done = stage.Run([](Context& cx, const Number& n) -> Reply<Number> {
    Reply<void> done_at_once = absl::OkStatus();
    Reply<void> waits = Naps(cx);
    Reply<void> throws = Throws(cx);
    Reply<void> moved = Naps(cx);
    const Reply<void> to = std::move(moved);
    EXPECT_TRUE((co_await done_at_once).ok());
    EXPECT_TRUE((co_await waits).ok());
    try {
      (co_await throws).IgnoreError();
      ADD_FAILURE() << "what it threw is gone";
    } catch (const std::runtime_error&) {
    }
    int turns = 0;
    const Reply<void> counts = CountsTurns(cx, turns);
    Reply<void>* const all[] = {&done_at_once, &waits, &throws, &moved};
    for (Reply<void>* const reply : all) {
      const int before = turns;
      for (int i = 0; i < 5; ++i) {
        ExpectSays(co_await *reply, absl::StatusCode::kFailedPrecondition, "awaited twice");
      }
      EXPECT_GT(turns, before) << "it took no turn";
    }
    co_return n;
  });
  EXPECT_TRUE(done.ok()) << done.status();
}

TEST(RefusalTextsTest, AWriteToASinkThatWasMovedFrom) {
  Stage stage(1);
  absl::Status written;
  const Probe::Ref writer(
      stage.Spawn(0, Script{.count = [&](Context&, const Number&, Sink<Number> out) -> Reply<void> {
                    const Sink<Number> moved = std::move(out);
                    written = co_await out.Write(Num(1));
                    co_return absl::OkStatus();
                  }}));
  ExpectAStreamWithoutItems(stage, writer);
  ExpectSays(written, absl::StatusCode::kFailedPrecondition, "moved from");
}

TEST(RefusalTextsTest, WhatIsDroppedWhileItIsAwaited) {
  Stage stage(1);
  const Probe::Ref peer(stage.Spawn(0, Slow()));
  const auto done = stage.Run([peer](Context& cx, const Number& n) -> Reply<Number> {
    absl::Status told[3];
    std::optional<Pending<Number>> pending = peer.Mix(n).Start();
    std::optional<Stream<Number>> stream = peer.Count(n).Start();
    std::optional<Reply<void>> reply = Sleeps(cx);
    const Reply<void> tells = Tells(*pending, told[0]);
    const Reply<void> reads = Reads(*stream, told[1]);
    const Reply<void> awaits = Awaits(*reply, told[2]);
    pending.reset();
    stream.reset();
    reply.reset();
    co_await cx.Sleep(absl::Microseconds(1));
    for (const absl::Status& each : told) {
      ExpectSays(each, absl::StatusCode::kCancelled, "dropped while it was awaited");
    }
    co_return n;
  });
  EXPECT_TRUE(done.ok()) << done.status();
}

TEST(RefusalTextsTest, WhatHasNoReplyInTime) {
  constexpr std::string_view kWords = "no reply to troupe.test.Probe.Ask within the deadline";
  const absl::Duration patience = absl::Milliseconds(5);
  Stage stage(2);
  const Probe::Ref deaf(
      stage.Spawn(1, Script{.ask = [](Context& cx, const Number& n) -> Reply<Number> {
                    co_await cx.Sleep(absl::Hours(1));
                    co_return n;
                  }}));
  ExpectSays(deaf.Ask(Num(1)).Within(patience).Wait().status(), absl::StatusCode::kDeadlineExceeded,
             kWords);
  const auto awaited = stage.Run([&](Context&, const Number& n) -> Reply<Number> {
    co_return co_await deaf.Ask(n).Within(patience);
  });
  ExpectSays(awaited.status(), absl::StatusCode::kDeadlineExceeded, kWords);
}

// --- What is too much. ---

TEST(RefusalTextsTest, AnItemThatCanNeverFit) {
  constexpr size_t kItemBytes = 512u << 10;
  Stage stage(2, {.outbox_bytes_max = 64u << 10});
  absl::Status written;
  int turns = 0;
  const Probe::Ref writer(stage.Spawn(
      1, Script{.count = [&](Context& cx, const Number&, Sink<Number> out) -> Reply<void> {
        Number number = Num(1);
        number.set_padding(std::string(kItemBytes, 'x'));
        const Reply<void> counts = CountsTurns(cx, turns);
        for (int i = 0; i < 5; ++i) written = co_await out.Write(number);
        co_return absl::OkStatus();
      }}));
  ExpectAStreamWithoutItems(stage, writer);
  ExpectSays(written, absl::StatusCode::kResourceExhausted, "can never fit");
  EXPECT_GT(turns, 0) << "whoever tries again and again holds the shard";
}

TEST(RefusalTextsTest, ASubscriptionToASignalAtTheLimitOfRecords) {
  Stage stage(1, {.records_per_shard_max = 1});
  const Ref<ProbeActor> actor = stage.Spawn(0, Script{.tick = [](Context&, const Tick&) {}});
  Perform(actor, [](ProbeActor& self, Context& cx) {
    cx.After(&self, absl::Hours(1), Tick{});
    EXPECT_FALSE(cx.Subscribe(&self, 1));
  });
  EXPECT_TRUE(stage.Logged("no subscription to signal 1", "records_per_shard_max"));
}

}  // namespace
}  // namespace troupe::test
