// Jobs whose deadline passes, or whose pool ends, while they wait or run.

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/call.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"
#include "troupe/actors/worker.h"
#include "troupe/base/instant.h"
#include "troupe/loop/platform.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

// Asked for 0 it waits for `open`; what else it is asked for it keeps.
struct Bench {
  explicit Bench(Platform& platform)
      : clock(platform.clock()), began(platform.MakeEvent()), open(platform.MakeEvent()) {}

  Instant InTenSeconds() const { return clock.Now() + absl::Seconds(10); }

  Clock& clock;
  const std::unique_ptr<Event> began;
  const std::unique_ptr<Event> open;
  Collected<int64_t> ran;
};

class Waits final : public Probe::Worker {
 public:
  explicit Waits(Bench* bench) : bench_(*bench) {}

  absl::StatusOr<Number> Ask(WorkerContext&, const Number& n) override {
    if (n.value() != 0) {
      bench_.ran.Add(n.value());
      return n;
    }
    bench_.began->Notify();
    EXPECT_TRUE(bench_.open->WaitUntil(bench_.InTenSeconds())) << "nobody opened";
    return n;
  }
  absl::StatusOr<Number> Mix(WorkerContext& cx, const Number& n) override { return Ask(cx, n); }
  absl::Status Tell(WorkerContext&, const Number&) override { return absl::OkStatus(); }

 private:
  Bench& bench_;
};

TEST(WorkerDeadlineTest, AnExpiredJobDoesNotRunThoughItsAskersShardIsBlocked) {
  const std::unique_ptr<System> system = StartSystem(2);
  Platform& platform = system->runtime().platform();
  Bench bench(platform);
  const Probe::Ref workers =
      system->SpawnWorkers<Waits>({.threads = 1, .placement = Placement::OnShard(1)}, &bench);
  Collected<absl::Status> outcomes;
  const std::unique_ptr<Event> asked = platform.MakeEvent();
  const Ref<ProbeActor> asker = system->Spawn<ProbeActor>(
      OnShard(0), Script{.tell = [&](Context&, const Number&) -> Reply<void> {
        Pending<Number> first = workers.Ask(Num(0)).Within(absl::Hours(1)).Start();
        Pending<Number> second = workers.Ask(Num(5)).Within(absl::Milliseconds(100)).Start();
        asked->Notify();
        outcomes.Add((co_await second).status());
        outcomes.Add((co_await first).status());
        co_return absl::OkStatus();
      }});
  EXPECT_EQ(Probe::Ref(asker).Tell(Num(0)), SendResult::kAccepted);
  ASSERT_TRUE(asked->WaitUntil(bench.InTenSeconds())) << "the asker did not run";
  const Instant deadline = platform.clock().Now() + absl::Milliseconds(100);
  ASSERT_TRUE(bench.began->WaitUntil(bench.InTenSeconds())) << "no job began";
  Settle(system->Spawn<ProbeActor>(OnShard(1), Script{}));
  // Blocks the asker's shard: nothing of it can say that the second is not wanted any more.
  const std::unique_ptr<Event> blocked = platform.MakeEvent();
  const std::unique_ptr<Event> release = platform.MakeEvent();
  const Ref<ProbeActor> blocker = system->Spawn<ProbeActor>(OnShard(0), Script{});
  blocker.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    blocked->Notify();
    EXPECT_TRUE(release->WaitUntil(bench.InTenSeconds())) << "nobody released";
    return absl::OkStatus();
  }});
  ASSERT_TRUE(blocked->WaitUntil(bench.InTenSeconds())) << "the blocker did not run";
  const std::unique_ptr<Event> never = platform.MakeEvent();
  never->WaitUntil(deadline + absl::Milliseconds(20));
  bench.open->Notify();
  // Behind the second in the queue of the pool's only thread.
  EXPECT_TRUE(workers.Ask(Num(7)).Wait().ok());
  EXPECT_EQ(bench.ran.Now(), std::vector<int64_t>{7}) << "the expired job ran";
  release->Notify();
  const std::vector<absl::Status> ended = outcomes.Wait(2);
  EXPECT_EQ(ended[0].code(), absl::StatusCode::kDeadlineExceeded) << ended[0];
  EXPECT_EQ(ended[1], absl::OkStatus());
  EXPECT_EQ(system->Counters().expired, 1u);
}

class GivenUpJobTest : public testing::TestWithParam<int> {};

TEST_P(GivenUpJobTest, AJobGivenUpWhileItRanSaysMaybeExecuted) {
  const std::unique_ptr<System> system = StartSystem(2);
  Bench bench(system->runtime().platform());
  const Ref<Waits> workers =
      system->SpawnWorkers<Waits>({.threads = 1, .placement = Placement::OnShard(1)}, &bench);
  Collected<absl::Status> outcome;
  const Ref<ProbeActor> asker = system->Spawn<ProbeActor>(
      OnShard(GetParam()), Script{.tell = [&](Context&, const Number& n) -> Reply<void> {
        outcome.Add((co_await Probe::Ref(workers).Ask(n).Within(absl::Hours(1))).status());
        co_return absl::OkStatus();
      }});
  EXPECT_EQ(Probe::Ref(asker).Tell(Num(0)), SendResult::kAccepted);
  ASSERT_TRUE(bench.began->WaitUntil(bench.InTenSeconds())) << "no job began";
  StopAndWait(workers);
  bench.open->Notify();
  const absl::Status ended = outcome.Wait(1)[0];
  EXPECT_EQ(ended.code(), absl::StatusCode::kCancelled) << ended;
  EXPECT_EQ(CertaintyOf(ended), Certainty::kMaybeExecuted) << ended;
}

INSTANTIATE_TEST_SUITE_P(AskersShard, GivenUpJobTest, testing::Values(0, 1));

}  // namespace
}  // namespace troupe::test
