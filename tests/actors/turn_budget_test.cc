// Work that comes in a heap, at a limit: cut into turns, so that an actor beside it is not held up.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/call.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/loop/loop.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/uneven_platform.h"

namespace troupe::test {
namespace {

// More than any turn may do.
constexpr int kHeap = 20'000;
// What one turn may do of it at most: some times what it handles.
constexpr int64_t kTurnMessages = 256;
constexpr int64_t kTurnWorkMax = 16 * kTurnMessages;

// An actor that has a message in each turn or so, and looks how far the work beside it got since
// the last one.
class Canary final : public Actor {
 public:
  struct Sight {
    bool stop = false;
    int64_t done = 0;
    int64_t step_max = 0;    // Of the work, between two of its messages.
    uint64_t turns_max = 0;  // Between two of its messages.
  };
  using Progress = std::function<int64_t()>;
  using Turns = std::function<uint64_t()>;

  Canary(Progress progress, Turns turns, Sight* sight)
      : progress_(std::move(progress)), turns_(std::move(turns)), sight_(sight) {}

  Reply<void> OnStart(Context& cx) override {
    last_turn_ = turns_();
    sight_->done = progress_();
    cx.After(this, absl::Microseconds(1), Tick{});
    return absl::OkStatus();
  }
  void On(Context& cx, const Tick&) {
    const int64_t done = progress_();
    sight_->step_max = std::max(sight_->step_max, done - std::exchange(sight_->done, done));
    const uint64_t turn = turns_();
    sight_->turns_max = std::max(sight_->turns_max, turn - std::exchange(last_turn_, turn));
    if (!sight_->stop) cx.After(this, absl::Microseconds(1), Tick{});
  }

 private:
  const Progress progress_;
  const Turns turns_;
  Sight* const sight_;
  uint64_t last_turn_ = 0;
};

class TurnBudgetTest : public UnevenTest {
 protected:
  // The asker is on the first shard, and what is looked at on the second.
  TurnBudgetTest() {
    Start(2, {.mailbox_messages_max = 2 * kHeap,
              .mailbox_bytes_max = 1u << 30,
              .asks_per_actor_max = 2 * kHeap,
              .turn_messages_max = kTurnMessages,
              .outbox_messages_max = 2 * kHeap});
  }

  void SpawnCanary(Canary::Progress progress) {
    system_->Spawn<Canary>(
        OnShard(1), std::move(progress), [this] { return platform_.turns(1); }, &sight_);
  }
  // Until all of `work` is done.
  void ExpectInSteps(int64_t work) {
    EXPECT_TRUE(simulation_.RunUntil([&] { return sight_.done >= work; }, absl::Seconds(10)))
        << sight_.done << " of " << work;
    sight_.stop = true;
    simulation_.RunFor(absl::Milliseconds(10));
    EXPECT_LE(sight_.step_max, kTurnWorkMax) << "of " << work << " in one go";
    EXPECT_LE(sight_.turns_max, 4u) << "turns without the actor beside it";
  }

  Canary::Sight sight_;
};

// Of shard 1, whose turn this is: messages dropped because nobody waits for them any more.
int64_t Dropped() {
  const ShardCounters& counters = internal::Shard::Current()->counters();
  return static_cast<int64_t>(counters.expired + counters.cancelled);
}

TEST_F(TurnBudgetTest, F125_ExpiredMessagesAreDroppedInSteps) {
  int handled = 0;
  const Ref<ProbeActor> callee = system_->Spawn<ProbeActor>(
      OnShard(1), Script{.ask = [&](Context& cx, const Number& n) -> Reply<Number> {
        ++handled;
        co_await cx.Sleep(absl::Seconds(2));
        co_return n;
      }});
  std::vector<Pending<Number>> pending;
  const Ref<ProbeActor> asker = system_->Spawn<ProbeActor>(OnShard(0), Script{});
  Perform(asker, [&](ProbeActor&, Context&) {
    pending.push_back(Probe::Ref(callee).Ask(Num(0)).Within(absl::Hours(1)).Start());
    for (int i = 1; i <= kHeap; ++i) {
      pending.push_back(Probe::Ref(callee).Ask(Num(i)).Within(absl::Seconds(1)).Start());
    }
  });
  // All are in the mailbox, and nobody takes them out of it: the asker's shard hangs.
  simulation_.RunFor(absl::Milliseconds(500));
  platform_.Hold(0);
  simulation_.RunFor(absl::Milliseconds(1450));
  SpawnCanary(Dropped);
  ExpectInSteps(kHeap);
  EXPECT_EQ(handled, 1);
  platform_.Release(0);
  simulation_.RunFor(absl::Seconds(1));
  Perform(asker, [&](ProbeActor&, Context&) { pending.clear(); });
}

// Downs in the mailbox of `watcher`, which is an actor of this shard.
int64_t WaitingFor(const AnyRef& watcher) {
  const internal::Cell* const cell = internal::Shard::Current()->Find(watcher);
  if (cell == nullptr) return 0;
  int64_t count = 0;
  const internal::Envelope* const first = cell->mailbox.first();
  for (const internal::Envelope* e = first; e != nullptr;
       e = e->next != first ? e->next : nullptr) {
    ++count;
  }
  return count;
}

TEST_F(TurnBudgetTest, F125_MonitorsOfOneActorAreToldInSteps) {
  int64_t told = 0;
  const Ref<ProbeActor> target = system_->Spawn<ProbeActor>(OnShard(1), Script{});
  const Ref<ProbeActor> watcher = system_->Spawn<ProbeActor>(
      OnShard(1), Script{.down = [&](Context&, const Down&) { ++told; }});
  Perform(watcher, [&](ProbeActor& self, Context& cx) {
    for (int i = 0; i < kHeap; ++i) cx.Monitor(&self, target);
  });
  SpawnCanary([&, watcher] { return told + WaitingFor(watcher); });
  simulation_.RunFor(absl::Milliseconds(1));
  system_->Stop(target);
  ExpectInSteps(kHeap);
  EXPECT_TRUE(simulation_.RunUntil([&] { return told == kHeap; }, absl::Seconds(10))) << told;
}

// Its timers, monitors and watches are taken back.
TEST_F(TurnBudgetTest, F125_RecordsOfAnActorThatEndsAreTakenBackInSteps) {
  bool ended = false;
  const Ref<ProbeActor> actor =
      system_->Spawn<ProbeActor>(OnShard(1), Script{.tick = [](Context&, const Tick&) {}});
  const Ref<ProbeActor> watcher = system_->Spawn<ProbeActor>(
      OnShard(0), Script{.down = [&](Context&, const Down&) { ended = true; }});
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    for (int i = 0; i < kHeap; ++i) cx.After(&self, absl::Hours(1), Tick{i});
  });
  Perform(watcher, [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, actor); });
  SpawnCanary([] {
    return kHeap - static_cast<int64_t>(internal::Shard::Current()->loop().timers().armed_count());
  });
  simulation_.RunFor(absl::Milliseconds(1));
  system_->Stop(actor);
  ASSERT_TRUE(simulation_.RunUntil([&] { return ended; }, absl::Seconds(10)));
  ExpectInSteps(kHeap / 2);
}

}  // namespace
}  // namespace troupe::test
