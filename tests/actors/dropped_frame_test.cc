// Coroutines that are dropped and stay for a while, since one that they created is in an Offload:
// they wait for nothing any more, and go when they can.

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stream.h"
#include "troupe/base/limits.h"
#include "troupe/sim/simulation_options.h"
#include "troupe/tests/actors/in_a_child.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

constexpr absl::Duration kOffload = absl::Milliseconds(10);

SimulationOptions OffloadsTakeTenMilliseconds() {
  SimulationOptions options{.record_trace = true, .log_to_stderr = false};
  options.worker_time = {kOffload, kOffload};
  return options;
}

void OnAStage(void (*body)(Stage& stage), const Limits& limits = {}) {
  RunInAChild([&] {
    Stage stage(1, limits, OffloadsTakeTenMilliseconds());
    body(stage);
    EXPECT_EQ(stage.system().Counters().failures, 0u);
    stage.ExpectServed();
    stage.End();
  });
}

Reply<void> Works(Context& cx) {
  const Alive alive;
  const absl::Status worked = co_await cx.Offload([] {});
  co_return worked;
}

Reply<void> Sleeps(Context& cx, absl::Duration time) {
  const Alive alive;
  co_await cx.Sleep(time);
  co_return absl::OkStatus();
}

// --- What it waited for. ---

Reply<void> AwaitsAnother(Context& cx, std::optional<Reply<void>>& other) {
  const Reply<void> works = Works(cx);
  other.emplace(Sleeps(cx, absl::Milliseconds(1)));
  const absl::Status ended = co_await *other;
  co_return ended;
}

TEST(DroppedFrameTest, F114_ItForgetsACoroutineThatEndsBeforeItGoes) {
  OnAStage([](Stage& stage) {
    const auto done = stage.Run([](Context& cx, const Number& n) -> Reply<Number> {
      std::optional<Reply<void>> other;
      std::optional<Reply<void>> dropped = AwaitsAnother(cx, other);
      dropped.reset();
      co_await cx.Sleep(absl::Milliseconds(2));
      EXPECT_TRUE(other->done());
      other.reset();
      // In the memory that the other one had.
      Reply<void> next = Sleeps(cx, 2 * kOffload);
      const absl::Status ended = co_await next;
      EXPECT_EQ(ended, absl::OkStatus());
      co_return n;
    });
    EXPECT_TRUE(done.ok()) << done.status();
  });
}

Reply<void> ReadsOne(Context& cx, Stream<Number>& stream) {
  const Reply<void> works = Works(cx);
  const absl::StatusOr<std::optional<Number>> item = co_await stream.Next();
  co_return item.status();
}

// Writes an item each `period`, from 0.
Script Counts(absl::Duration period) {
  return {.count = [period](Context& cx, const Number& n, Sink<Number> out) -> Reply<void> {
    for (int64_t i = 0; i < n.value(); ++i) {
      co_await cx.Sleep(period);
      const absl::Status written = co_await out.Write(Num(i));
      if (!written.ok()) co_return written;
    }
    co_return absl::OkStatus();
  }};
}

Reply<int64_t> SumOf(Stream<Number>& stream) {
  int64_t sum = 0;
  for (;;) {
    const absl::StatusOr<std::optional<Number>> item = co_await stream.Next();
    if (!item.ok()) co_return item.status();
    if (!item->has_value()) co_return sum;
    sum += (*item)->value();
  }
}

TEST(DroppedFrameTest, F114_AStreamThatItReadMayBeReadByAnother) {
  OnAStage([](Stage& stage) {
    const Probe::Ref peer(stage.Spawn(0, Counts(absl::Milliseconds(1))));
    const auto done = stage.Run([peer](Context& cx, const Number&) -> Reply<Number> {
      Stream<Number> stream = peer.Count(Num(4)).Start();
      std::optional<Reply<void>> dropped = ReadsOne(cx, stream);
      dropped.reset();
      const absl::StatusOr<int64_t> sum = co_await SumOf(stream);
      EXPECT_EQ(sum.value_or(-1), 0 + 1 + 2 + 3) << sum.status();
      co_return Num(0);
    });
    EXPECT_TRUE(done.ok()) << done.status();
  });
}

TEST(DroppedFrameTest, F114_AStreamThatItReadGoesOnOnceItIsGone) {
  OnAStage([](Stage& stage) {
    const Probe::Ref peer(stage.Spawn(0, Counts(kOffload / 2 + absl::Milliseconds(1))));
    const auto done = stage.Run([peer](Context& cx, const Number&) -> Reply<Number> {
      Stream<Number> stream = peer.Count(Num(4)).Start();
      std::optional<Reply<void>> dropped = ReadsOne(cx, stream);
      dropped.reset();
      // One item comes while it stays, others when it is gone.
      co_await cx.Sleep(4 * kOffload);
      const absl::StatusOr<int64_t> sum = co_await SumOf(stream);
      EXPECT_EQ(sum.value_or(-1), 0 + 1 + 2 + 3) << sum.status();
      co_return Num(0);
    });
    EXPECT_TRUE(done.ok()) << done.status();
  });
}

Reply<void> WritesOne(Context& cx, Sink<Number> out) {
  const Reply<void> works = Works(cx);
  const absl::Status written = co_await out.Write(Num(100));
  co_return written;
}

TEST(DroppedFrameTest, F114_TheRoomThatItWaitedForIsTheNextWrites) {
  OnAStage(
      [](Stage& stage) {
        absl::Duration waited = absl::InfiniteDuration();
        const Probe::Ref writer(stage.Spawn(
            0, Script{.count = [&](Context& cx, const Number&, Sink<Number> out) -> Reply<void> {
              const absl::Status first = co_await out.Write(Num(1));
              EXPECT_EQ(first, absl::OkStatus());
              std::optional<Reply<void>> dropped = WritesOne(cx, out);
              dropped.reset();
              const Instant before = cx.Now();
              const absl::Status second = co_await out.Write(Num(2));
              waited = cx.Now() - before;
              co_return second;
            }}));
        const auto done = stage.Run([writer](Context&, const Number&) -> Reply<Number> {
          Stream<Number> stream = writer.Count(Num(0)).Start();
          const absl::StatusOr<int64_t> sum = co_await SumOf(stream);
          EXPECT_EQ(sum.value_or(-1), 1 + 2) << sum.status();
          co_return Num(0);
        });
        EXPECT_TRUE(done.ok()) << done.status();
        EXPECT_LT(waited, kOffload) << "the room went to a write that nobody waits for";
      },
      {.stream_credit_items = 1});
}

// --- When it goes. ---

// Ends at once, and leaves what it has created to another.
Reply<void> LeavesOneThatWorks(Context& cx, std::optional<Reply<void>>& works) {
  works.emplace(Works(cx));
  co_return absl::OkStatus();
}

Reply<void> DropsItself(Context& cx, std::optional<Reply<void>>& self,
                        std::optional<Reply<void>>& works) {
  const Alive alive;
  co_await cx.Sleep(absl::Milliseconds(1));
  std::optional<Reply<void>> made = LeavesOneThatWorks(cx, works);
  self.reset();
  // The offload is none of this one's any more.
  made.reset();
  co_await cx.Sleep(absl::Milliseconds(1));
  ADD_FAILURE() << "it was resumed";
  co_return absl::OkStatus();
}

TEST(DroppedFrameTest, F114_OneThatDropsItselfIsDestroyedOnceItSuspends) {
  OnAStage([](Stage& stage) {
    const auto done = stage.Run([](Context& cx, const Number& n) -> Reply<Number> {
      std::optional<Reply<void>> self;
      std::optional<Reply<void>> works;
      self.emplace(DropsItself(cx, self, works));
      co_await cx.Sleep(absl::Milliseconds(3));
      EXPECT_EQ(Alive::count(), 1) << "it is gone, and what works is not";
      const absl::Status worked = co_await *works;
      EXPECT_EQ(worked, absl::OkStatus());
      co_return n;
    });
    EXPECT_TRUE(done.ok()) << done.status();
  });
}

// Begins a coroutine as it is destroyed.
struct BeginsOne {
  Context& cx;
  const Alive alive;
  ~BeginsOne() { const Reply<void> sleeps = Sleeps(cx, absl::Milliseconds(1)); }
};

struct Kept {
  std::optional<Reply<void>> outer;
  std::optional<Reply<void>> made;
  std::optional<Reply<void>> works;
};

Reply<void> Outer(Context& cx, Kept& kept) {
  const BeginsOne begins{.cx = cx, .alive = {}};
  kept.made.emplace(LeavesOneThatWorks(cx, kept.works));
  co_await cx.Sleep(absl::Hours(1));
  co_return absl::OkStatus();
}

TEST(DroppedFrameTest, F113_OneThatAHandlerLetsGoOfIsDestroyedBehindThatHandler) {
  OnAStage([](Stage& stage) {
    Kept kept;
    const Ref<ProbeActor> actor = stage.Spawn(0, Script{});
    Perform(actor, [&](ProbeActor&, Context& cx) { kept.outer.emplace(Outer(cx, kept)); });
    EXPECT_EQ(Alive::count(), 2);
    Perform(actor, [&](ProbeActor&, Context&) {
      kept.outer.reset();
      EXPECT_EQ(Alive::count(), 2) << "the offload has not returned";
      kept.made.reset();
    });
    stage.ExpectServed();
    EXPECT_EQ(Alive::count(), 1) << "it stays though nothing holds it any more";
    stage.RunFor(2 * kOffload);
    Perform(actor, [&](ProbeActor&, Context&) { kept.works.reset(); });
    stage.ExpectServed();
    EXPECT_EQ(Alive::count(), 0);
  });
}

}  // namespace
}  // namespace troupe::test
