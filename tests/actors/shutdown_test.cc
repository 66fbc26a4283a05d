// The way down: its order, its limits, and what comes too late.

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/base/logging.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

Script Echo() {
  return {.ask = [](Context&, const Number& n) -> Reply<Number> { return n; }};
}

class ShutdownTest : public testing::TestWithParam<int> {
 protected:
  std::unique_ptr<System> Start(const Limits& limits = {}) {
    return StartSystem(GetParam(), limits);
  }
  int last() const { return GetParam() - 1; }
};

TEST_P(ShutdownTest, AnActorEndsTheSystem) {
  const auto system = Start();
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(OnShard(last()), Script{});
  actor.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    system->Shutdown();
    return absl::OkStatus();
  }});
  EXPECT_EQ(system->Run(), 0);
}

TEST_P(ShutdownTest, AnotherThreadEndsTheSystemMoreThanOnce) {
  const auto system = Start();
  std::thread other([&] {
    system->Shutdown();
    system->Shutdown();
  });
  EXPECT_EQ(system->Run(), 0);
  other.join();
  EXPECT_EQ(system->Run(), 0);
}

TEST_P(ShutdownTest, ASignalEndsTheSystem) {
  const auto system = Start();
  system->Spawn<ProbeActor>({}, Script{});
  kill(getpid(), SIGTERM);
  EXPECT_EQ(system->Run(), 0);
}

TEST_P(ShutdownTest, ChildrenStopBeforeTheirParents) {
  Collected<std::string> story;
  const auto system = Start();
  const int there = last();
  const Ref<ProbeActor> parent =
      system->Spawn<ProbeActor>({.name = "parent", .placement = {.shard = 0}},
                                Script{.stop = [&](Context&, StopReason why) -> Reply<void> {
                                  EXPECT_EQ(why, StopReason::kShutdown);
                                  story.Add("parent");
                                  return absl::OkStatus();
                                }});
  Ref<ProbeActor> child;
  Perform(parent, [&](ProbeActor&, Context& cx) {
    child = cx.Spawn<ProbeActor>(OnShard(there),
                                 Script{.stop = [&](Context& cx, StopReason) -> Reply<void> {
                                   co_await cx.Sleep(absl::Milliseconds(1));
                                   story.Add("child");
                                   co_return absl::OkStatus();
                                 }});
  });
  Settle(child);
  system->Shutdown();
  EXPECT_EQ(system->Run(), 0);
  EXPECT_EQ(story.Now(), (std::vector<std::string>{"child", "parent"}));
}

TEST_P(ShutdownTest, NewWorkIsRefusedOnceItBegins) {
  Collected<absl::Status> refused;
  const auto system = Start();
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(OnShard(last()), Script{});
  Perform(actor, [&](ProbeActor&, Context& cx) {
    system->Shutdown();
    refused.Add(cx.TrySpawn<ProbeActor>({}, Script{}).status());
  });
  EXPECT_EQ(system->TrySpawn<ProbeActor>({}, Script{}).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(refused.Wait(1)[0].code(), absl::StatusCode::kUnavailable);
}

TEST_P(ShutdownTest, TheDestructorDoesItAll) {
  Collected<int> stopped;
  {
    const auto system = Start();
    std::vector<Ref<ProbeActor>> actors;
    for (int i = 0; i < 10; ++i) {
      actors.push_back(
          system->Spawn<ProbeActor>({}, Script{.stop = [&](Context&, StopReason) -> Reply<void> {
                                      stopped.Add(1);
                                      return absl::OkStatus();
                                    }}));
    }
    for (const auto& actor : actors) Settle(actor);
  }
  EXPECT_EQ(stopped.Now().size(), 10u);
}

size_t ThreadCount() {
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(threads), end(threads)));
}

TEST_P(ShutdownTest, StartedAndStoppedManyTimes) {
  // What actors and messages hold is released with each system, and its threads are gone.
  const auto held = std::make_shared<int>(0);
  size_t threads = 0;
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> done{0};
    auto system = Start();
    for (int j = 0; j < i; ++j) {
      const Ref<ProbeActor> actor =
          system->Spawn<ProbeActor>({}, Script{.tick = [held](Context&, const Tick&) {}});
      EXPECT_EQ(actor.Send(Do{[held, &done](ProbeActor&, Context&) -> Reply<void> {
        ++done;
        return absl::OkStatus();
      }}),
                SendResult::kAccepted);
      EXPECT_EQ(actor.Send(Tick{}), SendResult::kAccepted);
      if (j % 2 == 0) Settle(actor);
    }
    EXPECT_GE(done, (i + 1) / 2);
    system->Shutdown();
    EXPECT_EQ(system->Run(), 0);
    const ShardCounters counters = system->Counters();
    EXPECT_EQ(counters.spawned, static_cast<uint64_t>(i));
    EXPECT_EQ(counters.stopped, static_cast<uint64_t>(i));
    system.reset();
    EXPECT_EQ(held.use_count(), 1);
    // The log has a thread of its own from its first line on.
    if (i == 0) threads = ThreadCount();
    EXPECT_LE(ThreadCount(), threads + 1);
  }
}

TEST_P(ShutdownTest, PendingRequestsAreResolved) {
  Collected<absl::Status> outcome;
  const std::unique_ptr<System> system = Start();
  const std::unique_ptr<Event> began = system->runtime().platform().MakeEvent();
  const Ref<ProbeActor> deaf = system->Spawn<ProbeActor>(
      OnShard(last()), Script{.ask = [&](Context& cx, const Number& n) -> Reply<Number> {
        began->Notify();
        co_await cx.Sleep(absl::Hours(1));
        co_return n;
      }});
  std::thread waiter(
      [&] { outcome.Add(Probe::Ref(deaf).Ask(Num(1)).Within(absl::Hours(1)).Wait().status()); });
  began->WaitUntil(Instant::Infinite());
  system->Shutdown();
  EXPECT_EQ(system->Run(), 0);
  waiter.join();
  const absl::Status ended = outcome.Wait(1)[0];
  EXPECT_FALSE(ended.ok());
  EXPECT_EQ(CertaintyOf(ended), Certainty::kMaybeExecuted) << ended;
}

TEST_P(ShutdownTest, OneThatWaitsInAMailboxWasNotExecuted) {
  Collected<absl::Status> outcome;
  const std::unique_ptr<System> system = Start();
  const std::unique_ptr<Event> queued = system->runtime().platform().MakeEvent();
  const Probe::Ref deaf(system->Spawn<ProbeActor>(
      OnShard(last()), Script{.tell = [&](Context& cx, const Number&) -> Reply<void> {
        while (Waiting() == 0) co_await cx.Sleep(absl::Microseconds(100));
        queued->Notify();
        co_await cx.Sleep(absl::Hours(1));
        co_return absl::OkStatus();
      }}));
  EXPECT_EQ(deaf.Tell(Num(0)), SendResult::kAccepted);
  std::thread waiter([&] { outcome.Add(deaf.Ask(Num(1)).Within(absl::Hours(1)).Wait().status()); });
  queued->WaitUntil(Instant::Infinite());
  system->Shutdown();
  EXPECT_EQ(system->Run(), 0);
  waiter.join();
  const absl::Status ended = outcome.Wait(1)[0];
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable) << ended;
  EXPECT_EQ(CertaintyOf(ended), Certainty::kNotExecuted) << ended;
}

TEST_P(ShutdownTest, WhatComesAfterTheEndHasItsOutcomeToo) {
  Collected<Down> downs;
  const auto system = Start();
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(OnShard(last()), Echo());
  Settle(actor);
  system->Shutdown();
  EXPECT_EQ(system->Run(), 0);
  EXPECT_EQ(Probe::Ref(actor).Ask(Num(1)).Wait().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(actor.Send(Tick{}), SendResult::kGone);
  EXPECT_EQ(system->TrySpawn<ProbeActor>({}, Script{}).status().code(),
            absl::StatusCode::kUnavailable);
  system->Stop(actor);
  const ShardCounters counters = system->Counters();
  EXPECT_EQ(counters.spawned, counters.stopped);
}

TEST_P(ShutdownTest, ThreadsThatAskDuringTheEndAreNotLeftWaiting) {
  for (int round = 0; round < 10; ++round) {
    const auto system = Start();
    const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(OnShard(last()), Echo());
    std::atomic<int> answered{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        while (Probe::Ref(actor).Ask(Num(1)).Wait().ok()) ++answered;
        system->Spawn<ProbeActor>({}, Script{}).Send(Tick{});
        while (actor.Send(Do{[](ProbeActor&, Context&) -> Reply<void> {
          return absl::OkStatus();
        }}) != SendResult::kGone) {
        }
      });
    }
    while (answered < 3) std::this_thread::yield();
    system->Shutdown();
    EXPECT_EQ(system->Run(), 0);
    for (auto& thread : threads) thread.join();
  }
}

TEST_P(ShutdownTest, LargeMessagesUnderWayAreFreed) {
  struct Big {
    char bytes[10'000];
  };
  struct Sink : Actor {
    void On(Context&, const Big&) {}
  };
  for (int round = 0; round < 10; ++round) {
    const auto system = Start();
    const Ref<Sink> sink = system->Spawn<Sink>(OnShard(last()));
    const Ref<ProbeActor> sender = system->Spawn<ProbeActor>(OnShard(0), Script{});
    Perform(sender, [&](ProbeActor&, Context&) {
      for (int i = 0; i < 200; ++i) sink.Send(Big());
      system->Shutdown();
    });
  }
}

TEST_P(ShutdownTest, AnActorThatDoesNotEndIsForced) {
  const auto system = Start({.drain_timeout = absl::Milliseconds(50)});
  const Ref<ProbeActor> stubborn =
      system->Spawn<ProbeActor>({.name = "stubborn", .placement = {.shard = last()}},
                                Script{.stop = [](Context& cx, StopReason) -> Reply<void> {
                                  co_await cx.Sleep(absl::Hours(1));
                                  co_return absl::OkStatus();
                                }});
  Settle(stubborn);
  testing::internal::CaptureStderr();
  system->Shutdown();
  EXPECT_EQ(system->Run(), 1);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("\"stubborn\" did not stop"),
            std::string::npos);
}

// A shard may be late in saying that it has no actors: that is no failure to drain.
TEST_P(ShutdownTest, WithoutAnyTimeASystemWithoutActorsEndsWell) {
  for (int round = 0; round < 20; ++round) {
    const auto system = Start({.drain_timeout = absl::ZeroDuration()});
    system->Shutdown();
    EXPECT_EQ(system->Run(), 0);
  }
}

TEST_P(ShutdownTest, AnOffloadThatRunsIsWaitedFor) {
  const auto system = Start();
  const std::unique_ptr<Event> began = system->runtime().platform().MakeEvent();
  const std::unique_ptr<Event> open = system->runtime().platform().MakeEvent();
  std::atomic<bool> back{false};
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(OnShard(last()), Script{});
  actor.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    const absl::Status status = co_await cx.Offload([&] {
      began->Notify();
      open->WaitUntil(Instant::Infinite());
      back = true;
    });
    co_return status;
  }});
  began->WaitUntil(Instant::Infinite());
  system->Shutdown();
  open->Notify();
  EXPECT_EQ(system->Run(), 0);
  EXPECT_TRUE(back);
}

INSTANTIATE_TEST_SUITE_P(Shards, ShutdownTest, testing::Values(1, 2, 5));

TEST(SystemTest, OptionsOutOfRangeAreRefused) {
  EXPECT_EQ(System::Start({.shards = -1}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(System::Start({.shards = 100'000}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(System::Start({.limits = {.mailbox_messages_max = 0}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(System::Start({.shards = 1, .shutdown_signals = {SIGKILL}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SystemTest, SignalsThatCannotBeCaughtAreRefused) {
  for (const int signal : {0, -3, 65, SIGKILL, SIGSTOP, SIGSEGV}) {
    EXPECT_EQ(System::Start({.shards = 1, .handled_signals = {signal}}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << signal;
    EXPECT_EQ(System::Start({.shards = 1, .shutdown_signals = {SIGTERM, signal}}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << signal;
  }
}

TEST(SystemTest, TwoInOneProcessDoNotMeet) {
  const auto one = StartSystem(2);
  const auto two = StartSystem(2);
  const Ref<ProbeActor> a = one->Spawn<ProbeActor>({.name = "same"}, Echo());
  const Ref<ProbeActor> b = two->Spawn<ProbeActor>({.name = "same"}, Echo());
  EXPECT_NE(a.incarnation(), b.incarnation());
  EXPECT_EQ(Probe::Ref(a).Ask(Num(1)).Wait()->value(), 1);
  EXPECT_EQ(Probe::Ref(b).Ask(Num(2)).Wait()->value(), 2);
}

// Keeps the lines that tell of a shard, and tells of the first.
class ShardLines final : public LogSink {
 public:
  void Write(LogLevel, std::string_view line) override {
    if (line.find("does not answer") != std::string_view::npos) lines.Add(std::string(line));
  }
  void Flush() override {}
  uint64_t dropped_lines() const override { return 0; }

  Collected<std::string> lines;
};

// An actor whose handler holds its shard until Open().
class StuckShard {
 public:
  StuckShard(System& system, int shard)
      : began_(system.runtime().platform().MakeEvent()),
        open_(system.runtime().platform().MakeEvent()),
        actor_(system.Spawn<ProbeActor>(OnShard(shard),
                                        Script{.tick = [](Context&, const Tick&) {}})) {
    actor_.Send(Do{[this](ProbeActor&, Context&) -> Reply<void> {
      began_->Notify();
      open_->WaitUntil(Instant::Infinite());
      return absl::OkStatus();
    }});
    began_->WaitUntil(Instant::Infinite());
  }
  const Ref<ProbeActor>& actor() const { return actor_; }
  void Open() { open_->Notify(); }

 private:
  const std::unique_ptr<Event> began_;
  const std::unique_ptr<Event> open_;
  const Ref<ProbeActor> actor_;
};

TEST(StuckHandlerTest, AShardWhoseHandlerDoesNotReturnIsNamed) {
  ShardLines sink;
  SetLogSink(&sink);
  Limits limits;
  limits.drain_timeout = absl::Milliseconds(10);
  auto system = StartSystem(2, limits);
  StuckShard stuck(*system, 1);
  std::thread end([&] { EXPECT_FALSE(system->runtime().ShutDown().ok()); });
  EXPECT_NE(sink.lines.Wait(1)[0].find("shard 1"), std::string::npos);
  stuck.Open();
  end.join();
  system.reset();
  SetLogSink(nullptr);
}

TEST(StuckHandlerTest, ASignalIsHeardAllTheSame) {
  auto system = StartSystem(2);
  Platform& platform = system->runtime().platform();
  const std::unique_ptr<Event> stopped = platform.MakeEvent();
  Settle(system->Spawn<ProbeActor>(OnShard(1),
                                   Script{.stop = [&](Context&, StopReason) -> Reply<void> {
                                     stopped->Notify();
                                     return absl::OkStatus();
                                   }}));
  StuckShard stuck(*system, 0);
  std::thread end([&] { system->Run(); });
  kill(getpid(), SIGTERM);
  EXPECT_TRUE(stopped->WaitUntil(platform.clock().Now() + absl::Seconds(10)));
  stuck.Open();
  end.join();
}

TEST(StuckHandlerTest, OneWhoseInboxIsFullHoldsNoOtherShardUp) {
  constexpr uint32_t kInboxMessages = 4;
  auto system = StartSystem(
      2, {.inbox_messages_max = kInboxMessages, .drain_timeout = absl::Milliseconds(10)});
  Platform& platform = system->runtime().platform();
  const std::unique_ptr<Event> stopped = platform.MakeEvent();
  const Ref<ProbeActor> other = system->Spawn<ProbeActor>(
      OnShard(1), Script{.stop = [&](Context&, StopReason) -> Reply<void> {
        stopped->Notify();
        return absl::OkStatus();
      }});
  Settle(other);
  StuckShard stuck(*system, 0);
  while (stuck.actor().Send(Tick{}) == SendResult::kAccepted) {
  }
  std::thread end([&] { system->runtime().ShutDown().IgnoreError(); });
  EXPECT_TRUE(stopped->WaitUntil(platform.clock().Now() + absl::Seconds(10)));
  stuck.Open();
  end.join();
}

}  // namespace
}  // namespace troupe::test
