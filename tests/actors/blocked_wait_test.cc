// Wait() keeps its own deadline, whatever the shard that it waits for does.

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/call.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"
#include "troupe/tests/actors/child_end.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/uneven_platform.h"

namespace troupe::test {
namespace {

// In a child: ends it, and with it the test.
void Require(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what.c_str());
  _exit(1);
}

void RequireTimedOut(const absl::Status& status) {
  Require(status.code() == absl::StatusCode::kDeadlineExceeded &&
              CertaintyOf(status) == Certainty::kMaybeExecuted,
          "not DEADLINE_EXCEEDED, maybe executed: " + status.ToString());
}

absl::Status WaitBriefly(const Ref<ProbeActor>& actor, int64_t value = 1) {
  return Probe::Ref(actor).Ask(Num(value)).Within(absl::Milliseconds(300)).Wait().status();
}

// An actor whose handler of Ask does not return before it is let go.
struct Blocker {
  Blocker()
      : system(StartSystem(1)),
        entered(system->runtime().platform().MakeEvent()),
        open(system->runtime().platform().MakeEvent()),
        actor(system->Spawn<ProbeActor>(
            {}, Script{.ask = [this](Context&, const Number& n) -> Reply<Number> {
              entered->Notify();
              open->WaitUntil(Instant::Infinite());
              return n;
            }})) {}

  const std::unique_ptr<System> system;
  const std::unique_ptr<Event> entered;
  const std::unique_ptr<Event> open;
  const Ref<ProbeActor> actor;
};

void ExpectGoodEnd(const ChildEnd& end) { EXPECT_TRUE(end.exited_well()) << end.ToString(); }

TEST(BlockedWaitTest, F122_TheHandlerThatIsAskedDoesNotReturn) {
  ExpectGoodEnd(EndOfChild([] {
    Blocker blocker;
    RequireTimedOut(WaitBriefly(blocker.actor));
    // Its answer comes now, and touches nothing of the one who waited.
    blocker.open->Notify();
    Settle(blocker.actor);
  }));
}

TEST(BlockedWaitTest, F122_AnotherHandlerOfTheShardDoesNotReturn) {
  ExpectGoodEnd(EndOfChild([] {
    Blocker blocker;
    const Ref<ProbeActor> other = blocker.system->Spawn<ProbeActor>(
        {}, Script{.ask = [](Context&, const Number& n) -> Reply<Number> { return n; }});
    std::thread first([&] { WaitBriefly(blocker.actor).IgnoreError(); });
    blocker.entered->WaitUntil(Instant::Infinite());
    RequireTimedOut(WaitBriefly(other));
    blocker.open->Notify();
    Require(WaitBriefly(other).ok(), "the shard does not answer any more");
    first.join();
  }));
}

TEST(BlockedWaitTest, F122_ManyWaitsAndWhatComesAfterThem) {
  ExpectGoodEnd(EndOfChild([] {
    Blocker blocker;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10; ++i) {
          RequireTimedOut(
              Probe::Ref(blocker.actor).Ask(Num(i)).Within(absl::Milliseconds(5)).Wait().status());
        }
      });
    }
    // Their stacks are gone when the requests are seen to.
    for (std::thread& thread : threads) thread.join();
    blocker.open->Notify();
    Settle(blocker.actor);
    Settle(blocker.actor);
  }));
}

TEST(BlockedWaitTest, F122_TheHandlerWaitsForTheWaitersMutex) {
  ExpectGoodEnd(EndOfChild([] {
    const auto system = StartSystem(1);
    std::mutex mutex;
    const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
        {}, Script{.ask = [&](Context&, const Number& n) -> Reply<Number> {
          const std::lock_guard<std::mutex> lock(mutex);
          return n;
        }});
    {
      const std::lock_guard<std::mutex> lock(mutex);
      RequireTimedOut(WaitBriefly(actor));
    }
    Require(WaitBriefly(actor).ok(), "the actor does not answer any more");
  }));
}

TEST(BlockedWaitTest, F122_InAForkedChildItIsACheckThatSaysSo) {
  ExpectGoodEnd(EndOfChild([] {
    const auto system = StartSystem(1);
    const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
        {}, Script{.ask = [](Context&, const Number& n) -> Reply<Number> { return n; }});
    Require(WaitBriefly(actor).ok(), "no answer before the fork");
    const ChildEnd forked = EndOfChild([&] { WaitBriefly(actor).IgnoreError(); });
    Require(forked.CheckedWith({"fork"}), "the forked child " + forked.ToString());
    Require(WaitBriefly(actor).ok(), "no answer after the fork");
  }));
}

// The same in virtual time, to the nanosecond.
class HeldWaitTest : public UnevenTest {};

TEST_F(HeldWaitTest, F122_TheTimeIsTheWaiters) {
  ExpectGoodEnd(EndOfChild([] {
    // A wait that never ends is a CHECK after so many steps.
    Simulation simulation({.log_to_stderr = false, .steps_max = 1'000'000});
    UnevenPlatform platform(simulation.AddNode("node"));
    auto system = *System::Start({.shards = 2, .platform = &platform});
    const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
        OnShard(1), Script{.ask = [](Context&, const Number& n) -> Reply<Number> { return n; }});
    simulation.RunFor(absl::Milliseconds(1));
    platform.Hold(1);
    const Instant before = simulation.clock().Now();
    RequireTimedOut(WaitBriefly(actor));
    const absl::Duration waited = simulation.clock().Now() - before;
    Require(waited >= absl::Milliseconds(300) && waited <= absl::Milliseconds(301),
            "waited for " + absl::FormatDuration(waited));
    platform.Release(1);
    Require(WaitBriefly(actor).ok(), "the shard does not answer any more");
  }));
}

}  // namespace
}  // namespace troupe::test
