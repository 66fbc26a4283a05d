// Workers and Offload: handlers that may block, and what becomes of them.

#include "troupe/actors/worker.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
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
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

// What a test and its workers share.
struct Bench {
  explicit Bench(Platform& platform) : began(platform.MakeEvent()), open(platform.MakeEvent()) {}

  std::unique_ptr<Event> began;
  std::unique_ptr<Event> open;
  Collected<std::string> story;
};

class ProbeWorker final : public Probe::Worker {
 public:
  explicit ProbeWorker(Bench* bench) : bench_(bench) {}
  ~ProbeWorker() override { alive_ = false; }

  // 0: waits for `open`; 1: throws; 2: its time; else the number.
  absl::StatusOr<Number> Ask(WorkerContext& cx, const Number& n) override {
    if (n.value() == 0) {
      bench_->began->Notify();
      bench_->open->WaitUntil(Instant::Infinite());
      bench_->story.Add(cx.cancelled() ? "cancelled" : "wanted");
      EXPECT_TRUE(alive_);
    }
    if (n.value() == 1) throw std::runtime_error("at work");
    if (n.value() == 2) return Num(absl::ToInt64Milliseconds(cx.Remaining()));
    return n;
  }
  absl::StatusOr<Number> Mix(WorkerContext& cx, const Number& n) override { return Ask(cx, n); }
  absl::Status Tell(WorkerContext&, const Number& n) override {
    if (n.value() == 1) throw 7;
    bench_->story.Add("told");
    return absl::OkStatus();
  }
  void On(WorkerContext&, const Tick& tick) { bench_->story.Add("tick"); }

 private:
  Bench* const bench_;
  bool alive_ = true;
};

class WorkerTest : public testing::TestWithParam<int> {
 protected:
  WorkerTest() : system_(StartSystem(GetParam())), bench_(system_->runtime().platform()) {}
  ~WorkerTest() override {
    bench_.open->Notify();
    system_.reset();
  }
  int last() const { return GetParam() - 1; }
  Ref<ProbeWorker> Workers(int threads, int queue_max = 128) {
    return system_->SpawnWorkers<ProbeWorker>({.name = "bench",
                                               .threads = threads,
                                               .queue_max = queue_max,
                                               .placement = {.shard = last()}},
                                              &bench_);
  }
  absl::StatusOr<Number> InActor(std::function<Reply<Number>(Context&, const Number&)> body) {
    const Ref<ProbeActor> actor =
        system_->Spawn<ProbeActor>(OnShard(0), Script{.ask = std::move(body)});
    return Probe::Ref(actor).Ask(Num(0)).Wait();
  }

  std::unique_ptr<System> system_;
  Bench bench_;
};

TEST_P(WorkerTest, RequestsAndMessagesAreHandledOnThePoolsThreads) {
  const Ref<ProbeWorker> workers = Workers(2);
  EXPECT_EQ(Probe::Ref(workers).Ask(Num(5)).Wait()->value(), 5);
  workers.Send(Tick{});
  Probe::Ref(workers).Tell(Num(0));
  bench_.story.Wait(2);
  EXPECT_EQ(InActor([workers](Context&, const Number&) -> Reply<Number> {
              co_return co_await Probe::Ref(workers).Ask(Num(6));
            })->value(),
            6);
}

TEST_P(WorkerTest, AnExceptionFailsTheJobAlone) {
  const Probe::Ref workers = Workers(1);
  const absl::StatusOr<Number> failed = workers.Ask(Num(1)).Wait();
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(CertaintyOf(failed.status()), Certainty::kMaybeExecuted);
  workers.Tell(Num(1));
  EXPECT_TRUE(workers.Ask(Num(5)).Wait().ok());
  EXPECT_EQ(system_->Counters().failures, 2u);
  EXPECT_EQ(system_->Counters().restarts, 0u);
}

TEST_P(WorkerTest, AFullQueueIsNotExecuted) {
  const Probe::Ref workers = Workers(1, 1);
  const absl::StatusOr<Number> outcome =
      InActor([&, workers](Context&, const Number&) -> Reply<Number> {
        Pending<Number> running = workers.Ask(Num(0)).Start();
        int64_t refused = 0;
        while (refused == 0) {
          // The first may wait in the queue until the thread takes it.
          Pending<Number> waiting = workers.Ask(Num(5)).Start();
          const absl::StatusOr<Number> third =
              co_await workers.Ask(Num(6)).Within(absl::Milliseconds(20));
          if (third.status().code() != absl::StatusCode::kResourceExhausted) continue;
          EXPECT_EQ(CertaintyOf(third.status()), Certainty::kNotExecuted);
          ++refused;
        }
        bench_.open->Notify();
        (co_await running).IgnoreError();
        co_return Num(refused);
      });
  EXPECT_EQ(outcome->value(), 1);
}

TEST_P(WorkerTest, TheHandlerSeesThatItsCallerGaveUp) {
  const Probe::Ref workers = Workers(1);
  const absl::StatusOr<Number> reply = workers.Ask(Num(0)).Within(absl::Milliseconds(5)).Wait();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kDeadlineExceeded);
  // The cancellation has reached the pool's shard before the reply could.
  Settle(system_->Spawn<ProbeActor>(OnShard(last()), Script{}));
  bench_.open->Notify();
  EXPECT_EQ(bench_.story.Wait(1)[0], "cancelled");
  EXPECT_TRUE(workers.Ask(Num(5)).Wait().ok());
}

TEST_P(WorkerTest, TheTimeThatIsLeftIsAsOfTheJobsBegin) {
  const Probe::Ref workers = Workers(1);
  const absl::StatusOr<Number> left = workers.Ask(Num(2)).Within(absl::Hours(1)).Wait();
  EXPECT_LE(left->value(), 3'600'000);
  EXPECT_GT(left->value(), 0);
}

TEST_P(WorkerTest, AStoppedPoolLetsRunningJobsEnd) {
  const Ref<ProbeWorker> workers = Workers(1);
  Collected<absl::Status> outcome;
  const Ref<ProbeActor> asker = system_->Spawn<ProbeActor>(OnShard(0), Script{});
  asker.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    Pending<Number> first = Probe::Ref(workers).Ask(Num(0)).Start();
    Pending<Number> second = Probe::Ref(workers).Ask(Num(5)).Start();
    outcome.Add((co_await first).status());
    outcome.Add((co_await second).status());
    co_return absl::OkStatus();
  }});
  bench_.began->WaitUntil(Instant::Infinite());
  system_->Stop(workers);
  Collected<Down> downs;
  const Ref<ProbeActor> watcher = system_->Spawn<ProbeActor>(
      OnShard(0), Script{.down = [&](Context&, const Down& down) { downs.Add(down); }});
  Perform(watcher, [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, workers); });
  downs.Wait(1);
  bench_.open->Notify();
  EXPECT_EQ(bench_.story.Wait(1)[0], "cancelled");
  for (const absl::Status& status : outcome.Wait(2)) {
    EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  }
}

TEST_P(WorkerTest, AWorkerMayWaitForAnActor) {
  struct Waiter : Worker {
    Waiter(Probe::Ref peer, Collected<int64_t>* got) : peer(peer), got(got) {}
    void On(WorkerContext&, const Tick& tick) {
      got->Add(peer.Ask(Num(tick.value)).Wait()->value());
    }
    Probe::Ref peer;
    Collected<int64_t>* got;
  };
  Collected<int64_t> got;
  const Ref<ProbeActor> echo = system_->Spawn<ProbeActor>(
      OnShard(last()), Script{.ask = [](Context&, const Number& n) -> Reply<Number> { return n; }});
  const Ref<Waiter> waiter = system_->SpawnWorkers<Waiter>({}, Probe::Ref(echo), &got);
  waiter.Send(Tick{4});
  EXPECT_EQ(got.Wait(1)[0], 4);
}

// --- Offload. ---

TEST_P(WorkerTest, OffloadRunsOneFunctionAndGivesWhatItReturns) {
  const absl::StatusOr<Number> sum = InActor([](Context& cx, const Number&) -> Reply<Number> {
    const absl::StatusOr<int> plain = co_await cx.Offload([](int a, int b) { return a + b; }, 2, 3);
    const absl::StatusOr<int> status_or =
        co_await cx.Offload([]() -> absl::StatusOr<int> { return absl::NotFoundError("no"); });
    EXPECT_EQ(status_or.status().code(), absl::StatusCode::kNotFound);
    const absl::Status nothing = co_await cx.Offload([] {});
    EXPECT_TRUE(nothing.ok());
    const absl::Status threw = co_await cx.Offload([] { throw std::runtime_error("x"); });
    EXPECT_EQ(threw.code(), absl::StatusCode::kInternal);
    std::unique_ptr<int> owned = std::make_unique<int>(7);
    const absl::StatusOr<int> moved =
        co_await cx.Offload([](std::unique_ptr<int> p) { return *p; }, std::move(owned));
    co_return Num(*plain * 10 + *moved);
  });
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ(sum->value(), 57);
}

TEST_P(WorkerTest, AnOffloadThatIsCancelledEndsWhenItIsBack) {
  Collected<absl::Status> seen;
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      OnShard(last()), Script{.ask = [&](Context& cx, const Number& n) -> Reply<Number> {
        const absl::StatusOr<int> back = co_await cx.Offload([this] {
          bench_.began->Notify();
          bench_.open->WaitUntil(Instant::Infinite());
          return 1;
        });
        EXPECT_TRUE(cx.cancelled());
        seen.Add(back.status());
        co_return n;
      }});
  const absl::StatusOr<Number> reply =
      Probe::Ref(actor).Ask(Num(0)).Within(absl::Milliseconds(5)).Wait();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kDeadlineExceeded);
  bench_.began->WaitUntil(Instant::Infinite());
  bench_.open->Notify();
  EXPECT_EQ(seen.Wait(1)[0].code(), absl::StatusCode::kCancelled);
}

TEST_P(WorkerTest, AFrameOutlivesItsOffloadsWhenTheActorStops) {
  Collected<std::string> story;
  struct Local {
    explicit Local(Collected<std::string>* story) : story(story) {}
    ~Local() { story->Add("destroyed"); }
    Collected<std::string>* story;
  };
  Collected<Down> downs;
  const Ref<ProbeActor> watcher = system_->Spawn<ProbeActor>(
      OnShard(last()), Script{.down = [&](Context&, const Down& down) { downs.Add(down); }});
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  Perform(watcher, [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, actor); });
  actor.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    Local local(&story);
    const absl::Status back = co_await cx.Offload([&] {
      bench_.began->Notify();
      bench_.open->WaitUntil(Instant::Infinite());
      story.Add("back");
    });
    ADD_FAILURE() << "resumed in an actor that stops";
    co_return back;
  }});
  bench_.began->WaitUntil(Instant::Infinite());
  system_->Stop(actor);
  Settle(watcher);
  EXPECT_TRUE(downs.Now().empty());
  bench_.open->Notify();
  downs.Wait(1);
  EXPECT_EQ(story.Now(), (std::vector<std::string>{"back", "destroyed"}));
}

TEST_P(WorkerTest, HelpersMayOffloadSideBySide) {
  struct Helpers {
    static Reply<int> Square(Context& cx, int n) {
      const absl::StatusOr<int> square = co_await cx.Offload([](int n) { return n * n; }, n);
      co_return square;
    }
  };
  const absl::StatusOr<Number> sum = InActor([](Context& cx, const Number&) -> Reply<Number> {
    Reply<int> a = Helpers::Square(cx, 3);
    Reply<int> b = Helpers::Square(cx, 4);
    const absl::StatusOr<int> second = co_await b;
    const absl::StatusOr<int> first = co_await a;
    co_return Num(*first + *second);
  });
  EXPECT_EQ(sum->value(), 25);
}

INSTANTIATE_TEST_SUITE_P(Shards, WorkerTest, testing::Values(1, 2));

// Asks `slow` from its thread, with as much time as there is.
class AskingWorker final : public Probe::Worker {
 public:
  AskingWorker(Probe::Ref slow, Collected<absl::Status>* outcome)
      : slow_(slow), outcome_(outcome) {}
  absl::StatusOr<Number> Ask(WorkerContext&, const Number& n) override {
    outcome_->Add(slow_.Ask(n).Within(absl::InfiniteDuration()).Wait().status());
    return n;
  }
  absl::StatusOr<Number> Mix(WorkerContext&, const Number& n) override { return n; }
  absl::Status Tell(WorkerContext& cx, const Number& n) override { return Ask(cx, n).status(); }

 private:
  const Probe::Ref slow_;
  Collected<absl::Status>* const outcome_;
};

Script Never() {
  return {.ask = [](Context& cx, const Number& n) -> Reply<Number> {
    co_await cx.Sleep(absl::Hours(10));
    co_return n;
  }};
}

TEST(WorkerWaitTest, AJobsDeadlineEndsWhatItWaitsFor) {
  Collected<absl::Status> outcome;
  Limits limits;
  limits.ask_timeout = absl::Hours(1);
  const auto system = StartSystem(1, limits);
  const Probe::Ref slow = system->Spawn<ProbeActor>({}, Never());
  const Probe::Ref workers = system->SpawnWorkers<AskingWorker>({}, slow, &outcome);
  const absl::StatusOr<Number> reply = workers.Ask(Num(1)).Within(absl::Milliseconds(20)).Wait();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(outcome.Wait(1)[0].code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(WorkerWaitTest, AnInfiniteWaitEndsWithTheAskTimeout) {
  Collected<absl::Status> outcome;
  Limits limits;
  limits.ask_timeout = absl::Milliseconds(20);
  const auto system = StartSystem(1, limits);
  const Probe::Ref slow = system->Spawn<ProbeActor>({}, Never());
  const Probe::Ref workers = system->SpawnWorkers<AskingWorker>({}, slow, &outcome);
  workers.Tell(Num(1));
  EXPECT_EQ(outcome.Wait(1)[0].code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(slow.Ask(Num(1)).Within(absl::InfiniteDuration()).Wait().status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(WorkerWaitTest, WaitOnAnEmptyHandleIsAnError) {
  const absl::StatusOr<Number> reply = Probe::Ref().Ask(Num(1)).Wait();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CertaintyOf(reply.status()), Certainty::kNotExecuted);
}

// --- How many threads there are. ---

class EchoWorker final : public Probe::Worker {
 public:
  absl::StatusOr<Number> Ask(WorkerContext&, const Number& n) override { return n; }
  absl::StatusOr<Number> Mix(WorkerContext&, const Number& n) override { return n; }
  absl::Status Tell(WorkerContext&, const Number&) override { return absl::OkStatus(); }
};

class WorkerThreadsTest : public testing::Test {
 protected:
  WorkerThreadsTest() : system_(StartSystem(1, FewThreads())) {
    watcher_ = system_->Spawn<ProbeActor>(
        {}, Script{.down = [this](Context&, const Down& down) { downs_.Add(down); }});
  }
  ~WorkerThreadsTest() override { system_.reset(); }
  // Four beside the blocking pool's.
  static Limits FewThreads() {
    Limits limits;
    limits.worker_threads_max = 5;
    limits.blocking_pool_threads = 1;
    return limits;
  }
  // Why the pool behind `workers` ended, or was never there.
  absl::Status WhyDown(const AnyRef& workers) {
    Perform(watcher_, [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, workers); });
    return downs_.Wait(++downs_seen_).back().status;
  }
  static bool Answers(const Probe::Ref& workers) { return workers.Ask(Num(1)).Wait().ok(); }

  Collected<Down> downs_;
  size_t downs_seen_ = 0;
  std::unique_ptr<System> system_;
  Ref<ProbeActor> watcher_;
};

TEST_F(WorkerThreadsTest, APoolBeyondTheLimitIsNeverBorn) {
  const auto first = system_->SpawnWorkers<EchoWorker>({.threads = 3});
  const absl::Status why = WhyDown(system_->SpawnWorkers<EchoWorker>({.threads = 2}));
  EXPECT_EQ(why.code(), absl::StatusCode::kResourceExhausted) << why;
  EXPECT_TRUE(Answers(first));
  EXPECT_TRUE(Answers(system_->SpawnWorkers<EchoWorker>({.threads = 1})));
}

TEST_F(WorkerThreadsTest, AnEndedPoolGivesItsThreadsBack) {
  for (int i = 0; i < 5; ++i) {
    const auto workers = system_->SpawnWorkers<EchoWorker>({.name = "w", .threads = 4});
    EXPECT_TRUE(Answers(workers));
    system_->Stop(workers);
    WhyDown(workers).IgnoreError();
  }
}

TEST_F(WorkerThreadsTest, ARefusedPoolTakesNoThreads) {
  const auto first = system_->SpawnWorkers<EchoWorker>({.name = "w", .threads = 1});
  for (int i = 0; i < 5; ++i) {
    const absl::Status why =
        WhyDown(system_->SpawnWorkers<EchoWorker>({.name = "w", .threads = 3}));
    EXPECT_EQ(why.code(), absl::StatusCode::kAlreadyExists) << why;
  }
  EXPECT_TRUE(Answers(system_->SpawnWorkers<EchoWorker>({.name = "v", .threads = 3})));
  EXPECT_TRUE(Answers(first));
  // A name is free again when the threads were what it lacked.
  EXPECT_EQ(WhyDown(system_->SpawnWorkers<EchoWorker>({.name = "u", .threads = 3})).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(system_->FindAny("u").has_value());
}

TEST_F(WorkerThreadsTest, APoolWithoutThreadsOrPlaceForAJobIsNeverBorn) {
  EXPECT_EQ(WhyDown(system_->SpawnWorkers<EchoWorker>({.threads = 0})).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(WhyDown(system_->SpawnWorkers<EchoWorker>({.queue_max = 0})).code(),
            absl::StatusCode::kInvalidArgument);
}

// --- Coroutines that are dropped in an Offload. ---

class DroppedOffloadTest : public testing::Test {
 protected:
  // Tells of its end.
  struct Local {
    explicit Local(Collected<std::string>* story) : story(story) {}
    ~Local() { story->Add("destroyed"); }
    Collected<std::string>* story;
  };
  DroppedOffloadTest() : system_(StartSystem(1)), bench_(system_->runtime().platform()) {
    actor_ = system_->Spawn<ProbeActor>({}, Script{});
  }
  ~DroppedOffloadTest() override {
    bench_.open->Notify();
    system_.reset();
  }
  static Reply<void> InOffload(Context& cx, Bench& bench) {
    Local local(&bench.story);
    const absl::Status back = co_await cx.Offload([&] {
      bench.began->Notify();
      bench.open->WaitUntil(Instant::Infinite());
      local.story->Add("back");
    });
    bench.story.Add("resumed");
    co_return back;
  }
  static Reply<void> Around(Context& cx, Bench& bench) {
    const absl::Status inner = co_await InOffload(cx, bench);
    co_return inner;
  }
  void ExpectBackBeforeDestroyed() {
    bench_.began->WaitUntil(Instant::Infinite());
    Settle(actor_);
    EXPECT_TRUE(bench_.story.Now().empty());
    bench_.open->Notify();
    EXPECT_EQ(bench_.story.Wait(2), (std::vector<std::string>{"back", "destroyed"}));
    Settle(actor_);
    EXPECT_EQ(bench_.story.Now().size(), 2u);
  }

  std::unique_ptr<System> system_;
  Bench bench_;
  Ref<ProbeActor> actor_;
};

TEST_F(DroppedOffloadTest, AHelpersFrameLivesUntilItsFunctionIsBack) {
  actor_.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    const Reply<void> dropped = InOffload(cx, bench_);
    return absl::OkStatus();
  }});
  ExpectBackBeforeDestroyed();
}

TEST_F(DroppedOffloadTest, SoDoesTheHelperThatAwaitsIt) {
  actor_.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    const Reply<void> dropped = Around(cx, bench_);
    co_await cx.Sleep(absl::Milliseconds(1));
    co_return absl::OkStatus();
  }});
  ExpectBackBeforeDestroyed();
}

TEST_F(DroppedOffloadTest, AHandlerThatThrowsFailsAloneAndTheActorIsRemadeAfterIt) {
  const Ref<ProbeActor> failing = system_->Spawn<ProbeActor>(
      {.restart = {.backoff_min = absl::Milliseconds(1), .backoff_max = absl::Milliseconds(1)}},
      Script{.start = [&](ProbeActor&, Context&) -> Reply<void> {
        bench_.story.Add("life");
        return absl::OkStatus();
      }});
  failing.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    const Reply<void> dropped = InOffload(cx, bench_);
    throw std::runtime_error("on the way");
  }});
  bench_.began->WaitUntil(Instant::Infinite());
  bench_.open->Notify();
  EXPECT_EQ(bench_.story.Wait(4), (std::vector<std::string>{"life", "back", "destroyed", "life"}));
}

TEST_F(DroppedOffloadTest, AnActorWhoseLaterHandlerAnswersWithItStopsAfterIt) {
  std::optional<Reply<void>> kept;
  const std::unique_ptr<Event> answers = system_->runtime().platform().MakeEvent();
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>({}, Script{});
  const Ref<ProbeActor> watcher = system_->Spawn<ProbeActor>(
      {}, Script{.down = [&](Context&, const Down&) { bench_.story.Add("down"); }});
  Perform(watcher, [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, actor); });
  Perform(actor, [&](ProbeActor&, Context& cx) { kept.emplace(InOffload(cx, bench_)); });
  bench_.began->WaitUntil(Instant::Infinite());
  actor.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    answers->Notify();
    return *std::move(kept);
  }});
  answers->WaitUntil(Instant::Infinite());
  system_->Stop(actor);
  Settle(watcher);
  EXPECT_TRUE(bench_.story.Now().empty());
  bench_.open->Notify();
  EXPECT_EQ(bench_.story.Wait(3), (std::vector<std::string>{"back", "destroyed", "down"}));
}

TEST_F(DroppedOffloadTest, AnActorStopsAfterIt) {
  Collected<Down> downs;
  const Ref<ProbeActor> watcher =
      system_->Spawn<ProbeActor>({}, Script{.down = [&](Context&, const Down& down) {
                                   bench_.story.Add("down");
                                   downs.Add(down);
                                 }});
  actor_.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    const Reply<void> dropped = InOffload(cx, bench_);
    cx.Stop();
    return absl::OkStatus();
  }});
  bench_.began->WaitUntil(Instant::Infinite());
  Perform(watcher, [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, actor_); });
  bench_.open->Notify();
  downs.Wait(1);
  EXPECT_EQ(bench_.story.Now(), (std::vector<std::string>{"back", "destroyed", "down"}));
}

}  // namespace
}  // namespace troupe::test
