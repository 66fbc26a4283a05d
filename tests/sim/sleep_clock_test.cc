// What reaches a shard that slept is judged by the time after its sleep.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/sim/tally.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/base/clock.h"
#include "troupe/base/instant.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/transport/node.h"

namespace troupe {
namespace {

using tally::Tally;
using tally::TallyReply;
using tally::TallyRequest;

// Keeps what its caller still had to wait.
class Patience final : public Tally::Actor {
 public:
  explicit Patience(absl::Duration* remaining) : remaining_(remaining) {}

  Reply<TallyReply> Add(Context& cx, const TallyRequest&) override {
    *remaining_ = cx.Remaining();
    return TallyReply();
  }

 private:
  absl::Duration* const remaining_;
};

class SleepClockTest : public testing::Test {
 protected:
  SleepClockTest() {
    server_system_ = *System::Start({.shards = 2, .platform = &simulation_.AddNode("server")});
    client_system_ = *System::Start({.shards = 1, .platform = &simulation_.AddNode("client")});
    server_ = *Node::Start(*server_system_, {.name = "server", .listen = "127.0.0.1:0"});
    client_ = *Node::Start(*client_system_, {.name = "client"});
  }
  // On `shard` of the server.
  void ExportOn(int shard) {
    const Ref<Patience> patience =
        server_system_->Spawn<Patience>({.placement = Placement::OnShard(shard)}, &remaining_);
    EXPECT_EQ(server_->Export("patience", patience), absl::OkStatus());
  }
  absl::StatusOr<Tally::Ref> Lookup() {
    return client_
        ->Lookup<Tally>(absl::StrCat("troupe://", server_->address().ToString(), "/patience"))
        .Within(absl::Seconds(2))
        .Wait();
  }

  TestSimulation simulation_;
  std::unique_ptr<System> server_system_;
  std::unique_ptr<System> client_system_;
  std::unique_ptr<Node> server_;
  std::unique_ptr<Node> client_;
  absl::Duration remaining_;
};

TEST_F(SleepClockTest, F132_ANewConnectionAfterALongSleep) {
  ExportOn(0);
  simulation_.RunFor(absl::Hours(1));
  const absl::StatusOr<Tally::Ref> found = Lookup();
  EXPECT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(server_->Counters().handshakes_failed, 0u);
}

class SleepClockOnShardTest : public SleepClockTest, public testing::WithParamInterface<int> {};

TEST_P(SleepClockOnShardTest, F132_ARequestWithADeadlineAfterASleep) {
  ExportOn(GetParam());
  const absl::StatusOr<Tally::Ref> found = Lookup();
  ASSERT_TRUE(found.ok()) << found.status();
  for (int i = 0; i < 50; ++i) {
    // Between the heartbeats, at another time after the last one each time.
    simulation_.RunFor(absl::Milliseconds(733));
    const absl::StatusOr<TallyReply> reply =
        found->Add(TallyRequest()).Within(absl::Milliseconds(200)).Wait();
    ASSERT_TRUE(reply.ok()) << "request " << i << ": " << reply.status();
    // The network takes up to 2 ms.
    EXPECT_GT(remaining_, absl::Milliseconds(190)) << "of the 200 ms of request " << i;
    EXPECT_LE(remaining_, absl::Milliseconds(200));
  }
}

INSTANTIATE_TEST_SUITE_P(Shard, SleepClockOnShardTest, testing::Values(0, 1));

// What a handler arms counts from its own turn.
class Alarm final : public Actor {
 public:
  Alarm(Clock* clock, Instant* due) : clock_(clock), due_(due) {}

  struct Arm {};
  struct Due {};
  void On(Context& cx, const Arm&) { cx.After(this, absl::Milliseconds(50), Due{}); }
  void On(Context&, const Due&) { *due_ = clock_->Now(); }

 private:
  Clock* const clock_;
  Instant* const due_;
};

TEST_F(SleepClockTest, F132_ATimerArmedAfterALongSleep) {
  Instant due;
  const Ref<Alarm> alarm = server_system_->Spawn<Alarm>({.placement = Placement::OnShard(1)},
                                                        &simulation_.clock(), &due);
  simulation_.RunFor(absl::Hours(1));
  const Instant before = simulation_.clock().Now();
  alarm.Send(Alarm::Arm{});
  simulation_.RunFor(absl::Seconds(1));
  EXPECT_GE(due - before, absl::Milliseconds(50));
  EXPECT_LE(due - before, absl::Milliseconds(51));
}

}  // namespace
}  // namespace troupe
