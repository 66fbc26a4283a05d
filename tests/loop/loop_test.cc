#include "troupe/loop/loop.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/base/clock.h"
#include "troupe/base/instant.h"
#include "troupe/base/limits.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/poller.h"
#include "troupe/loop/timer_wheel.h"

namespace troupe {
namespace {

class ScriptedClock final : public Clock {
 public:
  Instant Now() const override {
    ++readings;
    return now;
  }
  absl::Time WallNow() const override { return absl::UnixEpoch(); }

  Instant now{1'000'000'000};
  mutable int readings = 0;
};

// One descriptor that becomes readable at a time of the test's, and sleeps that pass at once.
class ScriptedPoller final : public Poller {
 public:
  explicit ScriptedPoller(ScriptedClock& clock) : clock_(clock) {}

  absl::StatusOr<WatchId> Add(int, uint32_t, FdHandler* handler) override {
    handler_ = handler;
    return WatchId(1);
  }
  absl::Status Modify(WatchId, uint32_t) override { return absl::OkStatus(); }
  void Remove(WatchId) override { handler_ = nullptr; }
  size_t Poll(Instant, Instant deadline) override {
    ++poll_count;
    if (clock_.now < deadline && clock_.now < readable_at) {
      sleeps.push_back(deadline);
      const Instant end = std::min(deadline, readable_at);
      if (!end.is_infinite()) clock_.now = end;
    }
    if (handler_ == nullptr || clock_.now < readable_at) return 0;
    TellObserver();
    handler_->OnFdReady(kReadable);
    return 1;
  }
  void Wake() override {}
  size_t watch_count() const override { return handler_ != nullptr ? 1 : 0; }

  Instant readable_at = Instant::Infinite();
  int poll_count = 0;
  std::vector<Instant> sleeps;

 private:
  ScriptedClock& clock_;
  FdHandler* handler_ = nullptr;
};

// A clock and a poller; a loop needs no more.
class ScriptedPlatform final : public Platform {
 public:
  ScriptedClock& clock() override { return clock_; }
  absl::StatusOr<std::unique_ptr<Poller>> MakePoller(const Limits&) override {
    auto made = std::make_unique<ScriptedPoller>(clock_);
    poller = made.get();
    return made;
  }

  uint64_t RandomSeed() override { return 1; }
  int usable_cores() override { return 1; }
  bool cores_pinned() override { return false; }
  void EndProcess(int) override {}
  bool simulated() const override { return false; }
  absl::StatusOr<std::unique_ptr<Executor>> StartLoop(ThreadOptions, LoopTask*) override {
    return None();
  }
  absl::StatusOr<std::unique_ptr<WorkerThreads>> StartWorkers(std::string, int, int) override {
    return None();
  }
  std::unique_ptr<Event> MakeEvent() override { return nullptr; }
  absl::StatusOr<std::unique_ptr<Listener>> Listen(Poller&, TimerWheel&, const SocketAddress&, int,
                                                   ListenerHandler*) override {
    return None();
  }
  std::unique_ptr<ByteStream> Connect(Poller&, const SocketAddress&, const ByteStreamOptions&,
                                      ByteStreamHandler*) override {
    return nullptr;
  }
  std::unique_ptr<ByteStream> Adopt(Poller&, std::unique_ptr<PendingStream>,
                                    const ByteStreamOptions&, ByteStreamHandler*) override {
    return nullptr;
  }
  absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnChild(Poller&, const ChildOptions&,
                                                           const Limits&, ChildHandler*) override {
    return None();
  }
  void MaskSignals(const std::vector<int>&) override {}
  absl::StatusOr<std::unique_ptr<SignalSource>> CatchSignals(Poller&, const std::vector<int>&,
                                                             SignalHandler*) override {
    return None();
  }

  ScriptedPoller* poller = nullptr;

 private:
  static absl::Status None() { return absl::UnimplementedError("not in this test"); }

  ScriptedClock clock_;
};

class Client final : public LoopClient {
 public:
  void DrainInbound() override {}
  size_t RunReady() override { return on_run ? on_run() : 0; }
  void FlushOutbound() override {}
  void EndTurn() override {}
  bool HasRunnable() const override { return runnable; }
  bool InboundPending() const override { return pending_after > 0 && --pending_after == 0; }
  bool Finished() override { return false; }

  std::function<size_t()> on_run;
  bool runnable = false;
  mutable int pending_after = 0;  // Looks until something has come in.
};

class Timer final : public TimerNode {
 public:
  explicit Timer(std::function<void()> fire = [] {}) : fire_(std::move(fire)) {}
  ~Timer() = default;

 private:
  void OnTimer() override { fire_(); }

  const std::function<void()> fire_;
};

class Reader final : public FdHandler {
 public:
  explicit Reader(std::function<void()> read) : read_(std::move(read)) {}
  void OnFdReady(uint32_t) override { read_(); }

 private:
  const std::function<void()> read_;
};

class LoopTest : public testing::Test {
 protected:
  void Make(const LoopOptions& options = {}) {
    loop_ = *Loop::Make(platform_, Limits(), options, &client_);
    start_ = clock().now;
  }
  ScriptedClock& clock() { return platform_.clock(); }
  ScriptedPoller& poller() { return *platform_.poller; }
  void Watch(Reader& reader) { EXPECT_TRUE(loop_->poller().Add(3, kReadable, &reader).ok()); }

  ScriptedPlatform platform_;
  Client client_;
  std::unique_ptr<Loop> loop_;
  Instant start_;
};

TEST_F(LoopTest, F132_WhatArrivesAfterASleepSeesTheTimeAfterIt) {
  Make();
  Instant seen;
  Timer armed;
  Reader reader([&] {
    seen = loop_->now();
    loop_->timers().Arm(armed, loop_->now() + absl::Seconds(5));
    poller().readable_at = Instant::Infinite();
  });
  Watch(reader);
  poller().readable_at = start_ + absl::Hours(1);
  loop_->RunTurn(/*may_block=*/true);
  EXPECT_EQ(seen, start_ + absl::Hours(1));
  loop_->RunTurn(true);
  EXPECT_TRUE(armed.armed()) << "its five seconds count from then";
  EXPECT_EQ(clock().now, start_ + absl::Hours(1) + absl::Seconds(5));
  loop_->RunTurn(true);
  EXPECT_FALSE(armed.armed());
}

TEST_F(LoopTest, F132_WhatArrivesInALongTurnSeesTheTimeAfterIt) {
  Make();
  Instant seen;
  Reader reader([&] { seen = loop_->now(); });
  Watch(reader);
  poller().readable_at = start_;
  client_.on_run = [&] {
    clock().now = start_ + absl::Seconds(10);
    return size_t{0};
  };
  loop_->RunTurn(true);
  EXPECT_EQ(seen, start_ + absl::Seconds(10));
}

TEST_F(LoopTest, F132_ALateShardReadsBeforeItsTimersJudgeSilence) {
  Make();
  std::string order;
  Reader reader([&] {
    order += "read ";
    poller().readable_at = Instant::Infinite();
  });
  Watch(reader);
  Timer judge([&] { order += "judge "; });
  loop_->timers().Arm(judge, start_ + absl::Seconds(3));
  client_.runnable = true;
  // A handler that takes ten seconds, while bytes come in.
  client_.on_run = [&] {
    if (clock().now == start_) {
      clock().now = start_ + absl::Seconds(10);
      poller().readable_at = start_ + absl::Seconds(2);
      poller().poll_count = 0;
    }
    return size_t{1};
  };
  loop_->RunTurn(true);
  loop_->RunTurn(true);
  EXPECT_EQ(order, "read judge ");
}

TEST_F(LoopTest, F132_TheClockIsReadOnceABusyTurn) {
  Make();
  Reader reader([] {});
  Watch(reader);
  client_.runnable = true;
  client_.on_run = [] { return size_t{1}; };
  for (const bool readable : {false, true}) {
    poller().readable_at = readable ? start_ : Instant::Infinite();
    loop_->RunTurn(true);
    clock().readings = 0;
    for (int i = 0; i < 80; ++i) loop_->RunTurn(true);
    EXPECT_LE(clock().readings, 80) << readable;
    EXPECT_GE(clock().readings, 70) << readable;
  }
}

TEST_F(LoopTest, AnAlwaysRunnableClientStillHearsOfADescriptor) {
  Make();
  int read_count = 0;
  Reader reader([&] { ++read_count; });
  Watch(reader);
  poller().readable_at = start_;
  client_.runnable = true;
  client_.on_run = [] { return size_t{1}; };
  for (int i = 0; i < 80; ++i) EXPECT_TRUE(loop_->RunTurn(true));
  EXPECT_EQ(read_count, 10) << "every eighth turn, when turns are short";
  EXPECT_TRUE(poller().sleeps.empty());
  client_.on_run = [&] {
    clock().now = clock().now + absl::Milliseconds(2);
    return size_t{1};
  };
  read_count = 0;
  for (int i = 0; i < 8; ++i) loop_->RunTurn(true);
  EXPECT_GE(read_count, 7) << "and every turn when they are long";
}

TEST_F(LoopTest, ASpinEndsWhereATimerIsDue) {
  Make({.spin_before_sleep = absl::Seconds(1)});
  Timer timer;
  loop_->timers().Arm(timer, start_ + absl::Milliseconds(3));
  // Time passes while it looks for what comes in.
  class Ticking final : public LoopClient {
   public:
    explicit Ticking(ScriptedClock& clock) : clock_(clock) {}
    void DrainInbound() override {}
    size_t RunReady() override { return 0; }
    void FlushOutbound() override {}
    void EndTurn() override {}
    bool HasRunnable() const override { return false; }
    bool InboundPending() const override {
      clock_.now = clock_.now + absl::Microseconds(1);
      return false;
    }
    bool Finished() override { return false; }

   private:
    ScriptedClock& clock_;
  };
  Ticking ticking(clock());
  auto loop = *Loop::Make(platform_, Limits(), {.spin_before_sleep = absl::Seconds(1)}, &ticking);
  loop_->timers().Cancel(timer);
  loop->timers().Arm(timer, start_ + absl::Milliseconds(3));
  while (timer.armed() && clock().now < start_ + absl::Seconds(10)) loop->RunTurn(true);
  EXPECT_GE(clock().now, start_ + absl::Milliseconds(3));
  EXPECT_LE(clock().now, start_ + absl::Milliseconds(4)) << "not at the spin's end";
}

TEST_F(LoopTest, WhatComesInEndsASpinWithoutASleep) {
  Make({.spin_before_sleep = absl::Seconds(1)});
  client_.pending_after = 100;
  EXPECT_TRUE(loop_->RunTurn(true));
  EXPECT_EQ(client_.pending_after, 0);
  EXPECT_TRUE(poller().sleeps.empty());
}

TEST_F(LoopTest, ADeadlineThatHadPassedWhenATimerArmedItIsOfTheNextTurn) {
  Make({.timer_slack_max = absl::Milliseconds(100)});
  std::vector<Instant> fired;
  Timer second([&] { fired.push_back(loop_->now()); });
  Timer first([&] {
    fired.push_back(loop_->now());
    loop_->timers().Arm(second, start_);
  });
  loop_->timers().Arm(first, start_ + absl::Seconds(1));
  while (fired.size() < 2 && loop_->turns() < 10) loop_->RunTurn(true);
  ASSERT_EQ(fired.size(), 2u);
  EXPECT_EQ(fired[1], fired[0]) << "no sleep in between";
  EXPECT_LE(loop_->turns(), 3u);
}

TEST_F(LoopTest, ASleepLastsUntilTheTimerAndNoLonger) {
  Make();
  Timer timer;
  loop_->timers().Arm(timer, start_ + absl::Minutes(1));
  loop_->RunTurn(true);
  EXPECT_EQ(poller().sleeps, std::vector<Instant>{start_ + absl::Minutes(1)});
  loop_->RunTurn(true);
  EXPECT_FALSE(timer.armed());
}

TEST_F(LoopTest, ABucketWithMoreTimersThanATurnMayFireTakesMoreTurnsAndNoSleep) {
  Make({.timers_per_turn_max = 10});
  int fired = 0;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 95; ++i) {
    timers.push_back(std::make_unique<Timer>([&] { ++fired; }));
    loop_->timers().Arm(*timers.back(), start_ + absl::Milliseconds(1));
  }
  loop_->RunTurn(true);  // Sleeps until they are due.
  poller().sleeps.clear();
  for (int turn = 1; turn <= 10; ++turn) {
    loop_->RunTurn(true);
    EXPECT_EQ(fired, std::min(turn * 10, 95));
    if (turn < 10) {
      EXPECT_TRUE(poller().sleeps.empty()) << turn;
    }
  }
}

TEST_F(LoopTest, ATurnThatMayNotBlockDoesNotSleep) {
  Make();
  EXPECT_TRUE(loop_->RunTurn(/*may_block=*/false));
  EXPECT_TRUE(poller().sleeps.empty());
  EXPECT_EQ(poller().poll_count, 1);
}

}  // namespace
}  // namespace troupe
