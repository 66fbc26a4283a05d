// One-way messages that reach nobody: each sender is told, once, and only the life that sent; each
// message is counted once.

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/actors/worker.h"
#include "troupe/sim/simulation_options.h"
#include "troupe/tests/actors/in_a_child.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

// Counts what it does.
class Laborer final : public Probe::Worker {
 public:
  explicit Laborer(int* done) : done_(done) {}

  absl::StatusOr<Number> Ask(WorkerContext&, const Number& n) override { return n; }
  absl::StatusOr<Number> Mix(WorkerContext&, const Number& n) override { return n; }
  absl::Status Tell(WorkerContext&, const Number&) override {
    ++*done_;
    return absl::OkStatus();
  }
  void On(WorkerContext&, const Tick&) { ++*done_; }

 private:
  int* const done_;
};

constexpr int kMessages = 10;

// Workers on the last of two shards, whose jobs take ten milliseconds, and a sender.
struct Works {
  explicit Works(int sender_shard, int queue_max)
      : stage(2, {},
              {.worker_time = {absl::Milliseconds(10), absl::Milliseconds(10)},
               .log_to_stderr = false}),
        workers(stage.system().SpawnWorkers<Laborer>(
            {.queue_max = queue_max, .placement = Placement::OnShard(1)}, &done)),
        sender(stage.Spawn(sender_shard, Script{.tick =
                                                    [this](Context&, const Tick& tick) {
                                                      for (int i = 0; i < kMessages; ++i) {
                                                        const SendResult sent =
                                                            tick.value == 0
                                                                ? workers.Send(Tick{})
                                                                : Probe::Ref(workers).Tell(Num(1));
                                                        EXPECT_EQ(sent, SendResult::kAccepted);
                                                      }
                                                    },
                                                .undelivered =
                                                    [this](Context&, const Undelivered& notice) {
                                                      EXPECT_EQ(notice.target, workers);
                                                      EXPECT_EQ(notice.reason, expected);
                                                      ++told;
                                                    }})) {}

  int done = 0;
  int told = 0;
  absl::StatusCode expected = absl::StatusCode::kUnavailable;
  Stage stage;
  const Ref<Laborer> workers;
  const Ref<ProbeActor> sender;
};

// Where the sender lives, and whether it sends plain messages or a service's.
class WorkersUndeliveredTest : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(WorkersUndeliveredTest, F158_APoolThatIsStoppedTellsWhoeverWaitsInItsQueue) {
  const auto [shard, kind] = GetParam();
  RunInAChild([shard = shard, kind = kind] {
    Works works(shard, 128);
    works.sender.Send(Tick{kind});
    works.stage.RunFor(absl::Milliseconds(1));
    works.stage.system().Stop(works.workers);
    works.stage.RunFor(absl::Seconds(1));
    EXPECT_LE(works.done, 1) << "more than the one that ran";
    EXPECT_EQ(works.told, kMessages - works.done);
    EXPECT_EQ(works.stage.system().Counters().dead_letters,
              static_cast<uint64_t>(kMessages - works.done));
    works.stage.ExpectServed();
    works.stage.End();
  });
}

TEST_P(WorkersUndeliveredTest, F158_AFullQueueTellsEachSenderOfEachMessage) {
  const auto [shard, kind] = GetParam();
  RunInAChild([shard = shard, kind = kind] {
    Works works(shard, 2);
    works.expected = absl::StatusCode::kResourceExhausted;
    works.sender.Send(Tick{kind});
    works.stage.RunFor(absl::Seconds(1));
    EXPECT_GE(works.done, 2);
    EXPECT_LE(works.done, 3);
    EXPECT_EQ(works.told, kMessages - works.done);
    EXPECT_EQ(works.stage.system().Counters().dead_letters,
              static_cast<uint64_t>(kMessages - works.done));
    works.stage.ExpectServed();
    works.stage.End();
  });
}

INSTANTIATE_TEST_SUITE_P(SendersShardAndKind, WorkersUndeliveredTest,
                         testing::Combine(testing::Values(0, 1), testing::Values(0, 1)));

// A sender on the first shard that may fail behind what it sends to an ended actor on the second.
struct Losses {
  explicit Losses(uint64_t seed, absl::Duration backoff)
      : stage(2, {}, {.seed = seed, .log_to_stderr = false}),
        ended(stage.Spawn(1, Script{})),
        sender(stage.Spawn(0,
                           Script{.start = [this](ProbeActor&, Context&) -> Reply<void> {
                                    ++lives;
                                    return absl::OkStatus();
                                  },
                                  .tick =
                                      [this](Context&, const Tick& tick) {
                                        EXPECT_EQ(ended.Send(Tick{}), SendResult::kAccepted);
                                        if (tick.value != 0)
                                          throw std::runtime_error("behind what it sent");
                                      },
                                  .undelivered = [this](Context&, const Undelivered&) { ++told; }},
                           {.restart = {.backoff_min = backoff, .backoff_max = backoff}})) {
    stage.system().Stop(ended);
    stage.RunFor(absl::Milliseconds(1));
    EXPECT_EQ(lives, 1);
  }

  int lives = 0;
  int told = 0;
  Stage stage;
  const Ref<ProbeActor> ended;
  const Ref<ProbeActor> sender;
};

TEST(UndeliveredLifeTest, F163_ANoticeOfAFormerLifeReachesNobody) {
  for (const absl::Duration backoff :
       {absl::Nanoseconds(1), absl::Microseconds(20), absl::Milliseconds(1)}) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      SCOPED_TRACE(testing::Message() << "backoff " << backoff << ", seed " << seed);
      Losses losses(seed, backoff);
      losses.sender.Send(Tick{1});
      losses.stage.RunFor(absl::Milliseconds(10));
      EXPECT_EQ(losses.lives, 2);
      EXPECT_EQ(losses.told, 0);
      EXPECT_EQ(losses.stage.system().Counters().dead_letters, 1u);
      if (HasFailure()) return;
    }
  }
}

TEST(UndeliveredLifeTest, F163_ALifeIsToldOfEachOfItsOwnLosses) {
  Losses losses(1, absl::Milliseconds(1));
  for (int i = 0; i < 5; ++i) losses.sender.Send(Tick{0});
  losses.stage.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(losses.told, 5);
  losses.sender.Send(Tick{1});
  losses.stage.RunFor(absl::Milliseconds(10));
  losses.sender.Send(Tick{0});
  losses.stage.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(losses.lives, 2);
  EXPECT_EQ(losses.told, 6);
  EXPECT_EQ(losses.stage.system().Counters().dead_letters, 7u);
}

// --- Which message it was. ---

TEST(UndeliveredTagTest, F164_ATagNamesEachMessageThatIsRefusedOnAnotherShard) {
  std::vector<uint64_t> told;
  Stage stage(2);
  const Ref<ProbeActor> ended = stage.Spawn(1, Script{});
  const Ref<ProbeActor> sender = stage.Spawn(
      0, Script{.tick =
                    [&](Context&, const Tick&) {
                      EXPECT_EQ(ended.Send(Tick{}, Tag(17)), SendResult::kAccepted);
                      EXPECT_EQ(Probe::Ref(ended).Tell(Num(1), Tag(18)), SendResult::kAccepted);
                      EXPECT_EQ(Probe::Ref(ended).Tell(Num(1)), SendResult::kAccepted);
                      EXPECT_EQ(ended.Send(Tick{}, Tag()), SendResult::kAccepted);
                      EXPECT_EQ(Probe::Ref(ended).Tell(Num(1), Tag(UINT64_MAX)),
                                SendResult::kAccepted);
                    },
                .undelivered =
                    [&](Context& cx, const Undelivered& notice) {
                      EXPECT_EQ(notice.target, ended);
                      EXPECT_FALSE(cx.sender());
                      told.push_back(notice.tag.value());
                    }});
  stage.system().Stop(ended);
  stage.RunFor(absl::Milliseconds(1));
  sender.Send(Tick{});
  stage.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(told, (std::vector<uint64_t>{17, 18, 0, 0, UINT64_MAX}));
}

TEST(UndeliveredTagTest, ATagChangesNothingForWhatArrives) {
  for (const int receivers_shard : {0, 1}) {
    std::vector<int64_t> ticks;
    AnyRef from;
    Stage stage(2);
    const Ref<ProbeActor> receiver =
        stage.Spawn(receivers_shard, Script{.tick = [&](Context& cx, const Tick& tick) {
                      from = cx.sender();
                      ticks.push_back(tick.value);
                    }});
    const Ref<ProbeActor> sender =
        stage.Spawn(0, Script{.tick = [&](Context&, const Tick& tick) {
                      EXPECT_EQ(receiver.Send(tick, Tag(5)), SendResult::kAccepted);
                    }});
    sender.Send(Tick{7});
    stage.RunFor(absl::Milliseconds(1));
    EXPECT_EQ(ticks, std::vector<int64_t>{7});
    EXPECT_EQ(from, sender);
    stage.system().Stop(receiver);
    stage.RunFor(absl::Milliseconds(1));
    receiver.Send(Tick{8}, Tag(6));  // From no actor: nobody hears of it.
    stage.RunFor(absl::Milliseconds(1));
    EXPECT_EQ(stage.system().Counters().dead_letters, 1u);
  }
}

TEST(UndeliveredTagTest, F164_APoolOnTheSendersOwnShardNamesWhatItHadNoRoomFor) {
  std::vector<uint64_t> told;
  int done = 0;
  Stage stage(
      1, {},
      {.worker_time = {absl::Milliseconds(10), absl::Milliseconds(10)}, .log_to_stderr = false});
  const Ref<Laborer> workers = stage.system().SpawnWorkers<Laborer>({.queue_max = 1}, &done);
  const Ref<ProbeActor> sender = stage.Spawn(
      0,
      Script{.tick =
                 [&](Context&, const Tick&) {
                   for (uint64_t i = 1; i <= 4; ++i) workers.Send(Tick{}, Tag(i));
                 },
             .undelivered =
                 [&](Context&, const Undelivered& notice) { told.push_back(notice.tag.value()); }});
  sender.Send(Tick{});
  stage.RunFor(absl::Seconds(1));
  ASSERT_EQ(told.size() + static_cast<size_t>(done), 4u);
  for (size_t i = 0; i < told.size(); ++i) EXPECT_EQ(told[i], static_cast<uint64_t>(done) + i + 1);
}

}  // namespace
}  // namespace troupe::test
