#ifndef TROUPE_TESTS_ACTORS_UNEVEN_PLATFORM_H_
#define TROUPE_TESTS_ACTORS_UNEVEN_PLATFORM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "troupe/actors/system.h"
#include "troupe/base/clock.h"
#include "troupe/base/limits.h"
#include "troupe/loop/platform.h"
#include "troupe/sim/test_simulation.h"

namespace troupe::test {

// A simulated platform whose shards run at the speeds that a test chooses: a shard that is held
// takes no turn, as if a handler on it did not return.
//
// Thread:   the simulation's.
// Lifetime: outlives its System; every shard is released before the System ends.
class UnevenPlatform final : public Platform {
 public:
  explicit UnevenPlatform(Platform& simulated) : simulated_(simulated) {}

  void Hold(size_t shard) { tasks_[shard]->held = true; }
  void Release(size_t shard) { tasks_[shard]->held = false; }
  void ReleaseAll() {
    for (auto& task : tasks_) task->held = false;
  }
  // From now on `shard` looks for work and never sleeps; before it has had a turn.
  void KeepAwake(size_t shard) { tasks_[shard]->sleeps = false; }
  uint64_t turns(size_t shard) const { return tasks_[shard]->turns; }

  // A turn of `shard`, which is kept awake, in the middle of another one's, as a second core would
  // run it.
  void RunTurnOf(size_t shard) {
    std::thread([this, shard] { tasks_[shard]->Turn(/*may_block=*/false); }).join();
  }

  Clock& clock() override { return simulated_.clock(); }
  uint64_t RandomSeed() override { return simulated_.RandomSeed(); }
  int usable_cores() override { return simulated_.usable_cores(); }
  bool cores_pinned() override { return simulated_.cores_pinned(); }
  void EndProcess(int exit_code) override { simulated_.EndProcess(exit_code); }
  bool simulated() const override { return simulated_.simulated(); }
  absl::StatusOr<std::unique_ptr<Poller>> MakePoller(const Limits& limits) override {
    return simulated_.MakePoller(limits);
  }
  absl::StatusOr<std::unique_ptr<Executor>> StartLoop(ThreadOptions options,
                                                      LoopTask* task) override {
    tasks_.push_back(std::make_unique<Task>(task));
    return simulated_.StartLoop(std::move(options), tasks_.back().get());
  }
  absl::StatusOr<std::unique_ptr<WorkerThreads>> StartWorkers(std::string name, int threads,
                                                              int queue_max) override {
    return simulated_.StartWorkers(std::move(name), threads, queue_max);
  }
  std::unique_ptr<Event> MakeEvent() override { return simulated_.MakeEvent(); }
  absl::StatusOr<std::unique_ptr<Listener>> Listen(Poller& poller, TimerWheel& timers,
                                                   const SocketAddress& address, int accepts_max,
                                                   ListenerHandler* handler) override {
    return simulated_.Listen(poller, timers, address, accepts_max, handler);
  }
  std::unique_ptr<ByteStream> Connect(Poller& poller, const SocketAddress& address,
                                      const ByteStreamOptions& options,
                                      ByteStreamHandler* handler) override {
    return simulated_.Connect(poller, address, options, handler);
  }
  std::unique_ptr<ByteStream> Adopt(Poller& poller, std::unique_ptr<PendingStream> pending,
                                    const ByteStreamOptions& options,
                                    ByteStreamHandler* handler) override {
    return simulated_.Adopt(poller, std::move(pending), options, handler);
  }
  absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnChild(Poller& poller,
                                                           const ChildOptions& options,
                                                           const Limits& limits,
                                                           ChildHandler* handler) override {
    return simulated_.SpawnChild(poller, options, limits, handler);
  }
  void MaskSignals(const std::vector<int>& signals) override { simulated_.MaskSignals(signals); }
  absl::StatusOr<std::unique_ptr<SignalSource>> CatchSignals(Poller& poller,
                                                             const std::vector<int>& signals,
                                                             SignalHandler* handler) override {
    return simulated_.CatchSignals(poller, signals, handler);
  }

 private:
  struct Task final : LoopTask {
    explicit Task(LoopTask* shard) : shard(shard) {}

    bool RunTurn(bool may_block) override { return held || Turn(may_block && sleeps); }
    bool Turn(bool may_block) {
      ++turns;
      return shard->RunTurn(may_block);
    }

    LoopTask* const shard;
    bool held = false;
    bool sleeps = true;
    uint64_t turns = 0;
  };

  Platform& simulated_;
  std::vector<std::unique_ptr<Task>> tasks_;
};

// A system in simulation, and the speeds of its shards.
class UnevenTest : public testing::Test {
 protected:
  ~UnevenTest() override { platform_.ReleaseAll(); }

  void Start(int shards, const Limits& limits = {}) {
    absl::StatusOr<std::unique_ptr<System>> system =
        System::Start({.shards = shards, .limits = limits, .platform = &platform_});
    ASSERT_TRUE(system.ok()) << system.status();
    system_ = *std::move(system);
  }

  TestSimulation simulation_;
  UnevenPlatform platform_{simulation_.AddNode("node")};
  std::unique_ptr<System> system_;
};

}  // namespace troupe::test

#endif  // TROUPE_TESTS_ACTORS_UNEVEN_PLATFORM_H_
