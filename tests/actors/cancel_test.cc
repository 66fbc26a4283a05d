// A cancel ends the request that it is for. Requests have numbers on their asker's shard, so those
// of two shards may be equal.

#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/call.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/worker.h"
#include "troupe/sim/simulation_options.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

constexpr int kEach = 8;

// Numbers of the requests that were cancelled, begun and ended: a shard's are below 100 or above.
struct Seen {
  std::set<int64_t> begun;
  std::set<int64_t> cancelled;
  std::set<int64_t> ended;
};

class Scribe final : public Probe::Worker {
 public:
  explicit Scribe(Seen* seen) : seen_(*seen) {}

  absl::StatusOr<Number> Ask(WorkerContext&, const Number& n) override {
    seen_.begun.insert(n.value());
    return n;
  }
  absl::StatusOr<Number> Mix(WorkerContext& cx, const Number& n) override { return Ask(cx, n); }
  absl::Status Tell(WorkerContext&, const Number&) override { return absl::OkStatus(); }

 private:
  Seen& seen_;
};

Script Records(Seen& seen) {
  return {.ask = [&](Context& cx, const Number& n) -> Reply<Number> {
            seen.begun.insert(n.value());
            co_await cx.Sleep(absl::Milliseconds(2));
            co_return n;
          },
          .mix = [&](Context& cx, const Number& n) -> Reply<Number> {
            seen.begun.insert(n.value());
            co_await cx.Sleep(absl::Milliseconds(20));
            (cx.cancelled() ? seen.cancelled : seen.ended).insert(n.value());
            co_return n;
          },
          .count = [&](Context& cx, const Number& n, Sink<Number> out) -> Reply<void> {
            seen.begun.insert(n.value());
            for (int i = 0; i < 10; ++i) {
              co_await cx.Sleep(absl::Milliseconds(2));
              const absl::Status written = co_await out.Write(n);
              if (!written.ok()) {
                seen.cancelled.insert(n.value());
                co_return written;
              }
            }
            seen.ended.insert(n.value());
            co_return absl::OkStatus();
          }};
}

// Begins kEach requests on each of the shards 0 and 1, the first there ever, and drops those of
// `gives_up` five milliseconds later. How many of the others are done in the end.
template <typename Start, typename Done>
int GiveUpThoseOf(Stage& stage, int gives_up, Start start, Done is_done) {
  int done = 0;
  for (int shard = 0; shard < 2; ++shard) {
    const Ref<ProbeActor> asker =
        stage.Spawn(shard, Script{.tell = [&, shard](Context& cx, const Number&) -> Reply<void> {
                      std::vector<decltype(start(Num(0)))> begun;
                      for (int i = 0; i < kEach; ++i) begun.push_back(start(Num(shard * 100 + i)));
                      co_await cx.Sleep(absl::Milliseconds(5));
                      if (shard == gives_up) co_return absl::OkStatus();
                      co_await cx.Sleep(absl::Milliseconds(150));
                      for (const auto& each : begun) done += is_done(each) ? 1 : 0;
                      co_return absl::OkStatus();
                    }});
    EXPECT_EQ(Probe::Ref(asker).Tell(Num(0)), SendResult::kAccepted);
  }
  stage.RunFor(absl::Milliseconds(200));
  return done;
}

bool IsDone(const Pending<Number>& pending) { return pending.done(); }

// The shard whose requests are given up, and the target's.
class EqualNumbersTest : public testing::TestWithParam<std::tuple<int, int>> {
 protected:
  int gives_up() const { return std::get<0>(GetParam()); }
  int target_shard() const { return std::get<1>(GetParam()); }
  bool GivenUp(int64_t number) const { return (number >= 100) == (gives_up() == 1); }
  void ExpectAllOfTheOther(const std::set<int64_t>& numbers) {
    int count = 0;
    for (const int64_t number : numbers) count += GivenUp(number) ? 0 : 1;
    EXPECT_EQ(count, kEach);
  }

  Seen seen_;
};

TEST_P(EqualNumbersTest, OfHandlersThatWait) {
  Stage stage(3);
  const Probe::Ref target(stage.Spawn(target_shard(), Records(seen_)));
  const int done = GiveUpThoseOf(
      stage, gives_up(), [&](const Number& n) { return target.Mix(n).Start(); }, &IsDone);
  EXPECT_EQ(done, kEach);
  EXPECT_EQ(seen_.cancelled.size(), static_cast<size_t>(kEach));
  for (const int64_t number : seen_.cancelled) EXPECT_TRUE(GivenUp(number)) << number;
  ExpectAllOfTheOther(seen_.ended);
  stage.End();
}

TEST_P(EqualNumbersTest, OfRequestsInTheMailbox) {
  Stage stage(3);
  const Probe::Ref target(stage.Spawn(target_shard(), Records(seen_)));
  const int done = GiveUpThoseOf(
      stage, gives_up(), [&](const Number& n) { return target.Ask(n).Start(); }, &IsDone);
  EXPECT_EQ(done, kEach);
  ExpectAllOfTheOther(seen_.begun);
  // Three or so of those that were given up had begun in the five milliseconds.
  EXPECT_LE(seen_.begun.size(), static_cast<size_t>(kEach) + 4);
  stage.End();
}

TEST_P(EqualNumbersTest, OfWorkersJobs) {
  Stage stage(3, {}, {.worker_time = {absl::Milliseconds(2), absl::Milliseconds(2)}});
  const Probe::Ref target = stage.system().SpawnWorkers<Scribe>(
      {.placement = Placement::OnShard(target_shard())}, &seen_);
  const int done = GiveUpThoseOf(
      stage, gives_up(), [&](const Number& n) { return target.Ask(n).Start(); }, &IsDone);
  EXPECT_EQ(done, kEach);
  ExpectAllOfTheOther(seen_.begun);
  EXPECT_LE(seen_.begun.size(), static_cast<size_t>(kEach) + 4);
  stage.End();
}

TEST_P(EqualNumbersTest, OfStreams) {
  Stage stage(3);
  const Probe::Ref target(stage.Spawn(target_shard(), Records(seen_)));
  const int done = GiveUpThoseOf(
      stage, gives_up(), [&](const Number& n) { return target.Count(n).Start(); },
      [](const Stream<Number>&) { return true; });
  EXPECT_EQ(done, kEach);
  EXPECT_EQ(seen_.cancelled.size(), static_cast<size_t>(kEach));
  for (const int64_t number : seen_.cancelled) EXPECT_TRUE(GivenUp(number)) << number;
  ExpectAllOfTheOther(seen_.ended);
  stage.End();
}

INSTANTIATE_TEST_SUITE_P(GivesUpAndTarget, EqualNumbersTest,
                         testing::Combine(testing::Values(0, 1), testing::Values(0, 1, 2)));

}  // namespace
}  // namespace troupe::test
