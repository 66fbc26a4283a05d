// Spawns that are refused after their name could be looked up: whoever looked it up in between
// holds a handle that reaches nobody, ever.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"
#include "troupe/actors/worker.h"
#include "troupe/base/limits.h"
#include "troupe/loop/platform.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

// A platform that may have no thread for workers: `refuse` is asked first.
class FewThreads final : public Platform {
 public:
  explicit FewThreads(Platform& real) : real_(real) {}

  std::function<absl::Status()> refuse;

  absl::StatusOr<std::unique_ptr<WorkerThreads>> StartWorkers(std::string name, int threads,
                                                              int queue_max) override {
    const absl::Status refused = refuse ? refuse() : absl::OkStatus();
    if (!refused.ok()) return refused;
    return real_.StartWorkers(std::move(name), threads, queue_max);
  }

  Clock& clock() override { return real_.clock(); }
  uint64_t RandomSeed() override { return real_.RandomSeed(); }
  int usable_cores() override { return real_.usable_cores(); }
  bool cores_pinned() override { return real_.cores_pinned(); }
  void EndProcess(int exit_code) override { real_.EndProcess(exit_code); }
  bool simulated() const override { return real_.simulated(); }
  absl::StatusOr<std::unique_ptr<Poller>> MakePoller(const Limits& limits) override {
    return real_.MakePoller(limits);
  }
  absl::StatusOr<std::unique_ptr<Executor>> StartLoop(ThreadOptions options,
                                                      LoopTask* task) override {
    return real_.StartLoop(std::move(options), task);
  }
  std::unique_ptr<Event> MakeEvent() override { return real_.MakeEvent(); }
  absl::StatusOr<std::unique_ptr<Listener>> Listen(Poller& poller, TimerWheel& timers,
                                                   const SocketAddress& address,
                                                   int accepts_per_turn_max,
                                                   ListenerHandler* handler) override {
    return real_.Listen(poller, timers, address, accepts_per_turn_max, handler);
  }
  std::unique_ptr<ByteStream> Connect(Poller& poller, const SocketAddress& address,
                                      const ByteStreamOptions& options,
                                      ByteStreamHandler* handler) override {
    return real_.Connect(poller, address, options, handler);
  }
  std::unique_ptr<ByteStream> Adopt(Poller& poller, std::unique_ptr<PendingStream> pending,
                                    const ByteStreamOptions& options,
                                    ByteStreamHandler* handler) override {
    return real_.Adopt(poller, std::move(pending), options, handler);
  }
  absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnChild(Poller& poller,
                                                           const ChildOptions& options,
                                                           const Limits& limits,
                                                           ChildHandler* handler) override {
    return real_.SpawnChild(poller, options, limits, handler);
  }
  void MaskSignals(const std::vector<int>& signals) override { real_.MaskSignals(signals); }
  absl::StatusOr<std::unique_ptr<SignalSource>> CatchSignals(Poller& poller,
                                                             const std::vector<int>& signals,
                                                             SignalHandler* handler) override {
    return real_.CatchSignals(poller, signals, handler);
  }

 private:
  Platform& real_;
};

class NoWorker final : public Probe::Worker {
 public:
  absl::StatusOr<Number> Ask(WorkerContext&, const Number& n) override { return n; }
  absl::StatusOr<Number> Mix(WorkerContext&, const Number& n) override { return n; }
  absl::Status Tell(WorkerContext&, const Number&) override { return absl::OkStatus(); }
};

// The shard that spawns, and the one spawned on.
class RefusedBirthTest : public testing::TestWithParam<std::tuple<int, int>> {
 protected:
  RefusedBirthTest() {
    platform_.refuse = [this] {
      if (system_ == nullptr) return absl::OkStatus();
      found_ = system_->FindAny("pool");
      return absl::ResourceExhaustedError("no threads");
    };
    system_ = *System::Start({.shards = 2, .platform = &platform_});
  }

  // -1: from outside.
  int from() const { return std::get<0>(GetParam()); }
  int on() const { return std::get<1>(GetParam()); }
  WorkerOptions Pool() const { return {.name = "pool", .placement = Placement::OnShard(on())}; }

  Ref<NoWorker> SpawnPool() {
    if (from() < 0) return system_->SpawnWorkers<NoWorker>(Pool());
    Ref<NoWorker> pool;
    const Ref<ProbeActor> spawner = system_->Spawn<ProbeActor>(OnShard(from()), Script{});
    Perform(spawner, [&](ProbeActor&, Context& cx) { pool = cx.SpawnWorkers<NoWorker>(Pool()); });
    return pool;
  }

  TestSimulation simulation_;
  FewThreads platform_{simulation_.AddNode("node")};
  std::unique_ptr<System> system_;
  std::optional<AnyRef> found_;
};

TEST_P(RefusedBirthTest, F124_WhoLooksItUpInBetweenReachesNobody) {
  SpawnPool();
  EXPECT_FALSE(system_->FindAny("pool").has_value());
  int got = 0;
  int downs = 0;
  // Whatever the handle names is born now, if any actor ever is.
  for (int i = 0; i < 20; ++i) {
    const auto counts = [&](Context&, const Tick&) { ++got; };
    if (from() < 0) {
      system_->Spawn<ProbeActor>(OnShard(on()), Script{.tick = counts});
    } else {
      const Ref<ProbeActor> spawner = system_->Spawn<ProbeActor>(OnShard(from()), Script{});
      Perform(spawner, [&](ProbeActor&, Context& cx) {
        cx.Spawn<ProbeActor>(OnShard(on()), Script{.tick = counts});
      });
    }
    if (!found_.has_value()) continue;
    for (int shard = 0; shard < 2; ++shard) {
      const Ref<ProbeActor> user = system_->Spawn<ProbeActor>(
          OnShard(shard), Script{.down = [&](Context&, const Down&) { ++downs; },
                                 .undelivered = [](Context&, const Undelivered&) {}});
      Perform(user, [&](ProbeActor& self, Context& cx) {
        Ref<ProbeActor>(*found_).Send(Tick{});
        cx.Monitor(&self, *found_);
      });
      simulation_.RunFor(absl::Microseconds(200));
      system_->Stop(user);
    }
  }
  EXPECT_EQ(got, 0) << "a handle of an actor that was never born reaches another";
  if (found_.has_value()) EXPECT_EQ(downs, 40) << "a monitor of nobody waits";
  system_.reset();
}

INSTANTIATE_TEST_SUITE_P(FromAndOn, RefusedBirthTest,
                         testing::Values(std::tuple(-1, 0), std::tuple(-1, 1), std::tuple(0, 0),
                                         std::tuple(0, 1)));

// Refused because the shard has no place for one more spawn from outside.
TEST(RefusedBirthThreadsTest, F124_SoDoesWhoLooksItUpAsAFullInboxRefusesIt) {
  std::atomic<int> got{0};
  const std::unique_ptr<System> system = StartSystem(1, {.inbox_messages_max = 16});
  const Script counts{.tick = [&](Context&, const Tick&) { ++got; }};
  const std::unique_ptr<Event> began = system->runtime().platform().MakeEvent();
  const std::unique_ptr<Event> open = system->runtime().platform().MakeEvent();
  const std::unique_ptr<Event> drained = system->runtime().platform().MakeEvent();
  const Ref<ProbeActor> busy = system->Spawn<ProbeActor>(
      {}, Script{.tick = [&](Context&, const Tick&) { drained->Notify(); }});
  busy.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    began->Notify();
    open->WaitUntil(Instant::Infinite());
    return absl::OkStatus();
  }});
  began->WaitUntil(Instant::Infinite());
  while (system->TrySpawn<ProbeActor>({}, Script{}).ok()) continue;
  std::atomic<bool> done{false};
  std::optional<AnyRef> found;
  std::thread looks([&] {
    while (!done && !found.has_value()) found = system->FindAny("late");
  });
  for (int i = 0; i < 20'000; ++i) {
    EXPECT_FALSE(system->TrySpawn<ProbeActor>({.name = "late"}, Script{counts}).ok());
  }
  done = true;
  looks.join();
  open->Notify();
  // Until what filled the inbox is handled.
  while (busy.Send(Tick{}) != SendResult::kAccepted) std::this_thread::yield();
  drained->WaitUntil(Instant::Infinite());
  for (int i = 0; i < 20; ++i) {
    const Ref<ProbeActor> next = system->Spawn<ProbeActor>({}, Script{counts});
    Settle(next);
    if (!found.has_value()) continue;
    Perform(busy, [&](ProbeActor&, Context&) { Ref<ProbeActor>(*found).Send(Tick{}); });
    Settle(next);
  }
  EXPECT_EQ(got, 0) << "a handle of an actor that was never born reaches another";
}

}  // namespace
}  // namespace troupe::test
