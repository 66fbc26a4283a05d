#ifndef TROUPE_TESTS_ACTORS_STAGE_H_
#define TROUPE_TESTS_ACTORS_STAGE_H_

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/system.h"
#include "troupe/base/instant.h"
#include "troupe/base/limits.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {

// A local of a coroutine or a member of an actor, counted. Thread: the simulation's.
class Alive {
 public:
  Alive() { ++count_; }
  Alive(const Alive&) { ++count_; }
  Alive& operator=(const Alive&) = default;
  ~Alive() { --count_; }

  static int count() { return count_; }

 private:
  static inline int count_ = 0;
};

// A system in simulation, with a bystander on each shard that must be served whatever the other
// actors of the test do. Its end expects that no Alive is left.
//
// Lifetime: outlives what its actors' scripts refer to by reference only if End() was called.
class Stage {
 public:
  explicit Stage(int shards, const Limits& limits = {},
                 SimulationOptions options = {.record_trace = true, .log_to_stderr = false})
      : simulation_(std::move(options)),
        system_(*System::Start(
            {.shards = shards, .limits = limits, .platform = &simulation_.AddNode("node")})) {
    for (int shard = 0; shard < shards; ++shard) {
      bystanders_.push_back(system_->Spawn<ProbeActor>(
          OnShard(shard), Script{.ask = [](Context& cx, const Number& n) -> Reply<Number> {
            co_await cx.Sleep(absl::Microseconds(n.value()));
            co_return n;
          }}));
    }
  }
  ~Stage() { End(); }

  System& system() { return *system_; }
  TestSimulation& simulation() { return simulation_; }

  Ref<ProbeActor> Spawn(int shard, Script script, SpawnOptions options = {}) {
    options.placement = Placement::OnShard(shard);
    return system_->Spawn<ProbeActor>(std::move(options), std::move(script));
  }
  void RunFor(absl::Duration time) { simulation_.RunFor(time); }

  // The outcome of `body` as a handler of an actor of its own on the first shard.
  absl::StatusOr<Number> Run(std::function<Reply<Number>(Context&, const Number&)> body) {
    return Probe::Ref(Spawn(0, Script{.ask = std::move(body)}))
        .Ask(Num(0))
        .Within(absl::Hours(1))
        .Wait();
  }

  // Expects that the bystanders are served within a few turns and that what waits in their
  // handlers is resumed.
  void ExpectServed() {
    for (const Probe::Ref bystander : bystanders_) {
      for (int i = 1; i <= 3; ++i) {
        const Instant before = simulation_.clock().Now();
        const absl::StatusOr<Number> reply = bystander.Ask(Num(i)).Within(absl::Seconds(1)).Wait();
        ASSERT_TRUE(reply.ok()) << reply.status();
        EXPECT_EQ(reply->value(), i);
        EXPECT_LT(simulation_.clock().Now() - before, absl::Milliseconds(1))
            << "a bystander waited for more than a few turns";
      }
    }
  }

  // Whether some log line has both.
  bool Logged(std::string_view one, std::string_view other = "") {
    for (const std::string& line : simulation_.trace()) {
      if (line.find(one) != line.npos && line.find(other) != line.npos) return true;
    }
    return false;
  }

  // Stops the system.
  void End() {
    if (system_ == nullptr) return;
    system_.reset();
    EXPECT_EQ(Alive::count(), 0) << "coroutines or actors that outlived the system";
  }

 private:
  TestSimulation simulation_;
  std::unique_ptr<System> system_;
  std::vector<Ref<ProbeActor>> bystanders_;
};

}  // namespace troupe::test

#endif  // TROUPE_TESTS_ACTORS_STAGE_H_
