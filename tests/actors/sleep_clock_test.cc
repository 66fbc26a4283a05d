// What reaches a shard that slept is judged by the time after its sleep: on the operating system,
// where a shard is woken in the middle of a turn. Simulated shards wake at the begin of one.

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/call.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/transport/node.h"

namespace troupe::test {
namespace {

// Long enough for a handshake on a machine that does other work, and shorter than the sleep.
constexpr absl::Duration kPatience = absl::Seconds(1);
constexpr absl::Duration kSleep = absl::Milliseconds(1500);

class SleepClockTest : public testing::TestWithParam<int> {
 protected:
  SleepClockTest() : server_system_(Start(GetParam())), client_system_(Start(1)) {
    server_ = *Node::Start(*server_system_, {.name = "server", .listen = "127.0.0.1:0"});
    client_ = *Node::Start(*client_system_, {.name = "client"});
    const Probe::Ref probe = server_system_->Spawn<ProbeActor>(
        OnShard(GetParam() - 1), Script{.ask = [this](Context& cx, const Number& n) {
          remaining_.Add(cx.Remaining());
          return Reply<Number>(n);
        }});
    EXPECT_EQ(server_->Export("probe", probe), absl::OkStatus());
  }

  // No heartbeat wakes a shard meanwhile.
  static std::unique_ptr<System> Start(int shards) {
    return StartSystem(shards, {.heartbeat_idle = absl::Minutes(1),
                                .heartbeat_suspect = absl::Minutes(2),
                                .heartbeat_dead = absl::Minutes(3),
                                .handshake_timeout = kPatience});
  }
  // Nobody has anything to do.
  void LetAllSleep() {
    Platform& platform = client_system_->runtime().platform();
    EXPECT_FALSE(platform.MakeEvent()->WaitUntil(platform.clock().Now() + kSleep));
  }
  absl::StatusOr<Probe::Ref> Lookup() {
    return client_
        ->Lookup<Probe>(absl::StrCat("troupe://", server_->address().ToString(), "/probe"))
        .Within(absl::Seconds(5))
        .Wait();
  }

  Collected<absl::Duration> remaining_;
  const std::unique_ptr<System> server_system_;
  const std::unique_ptr<System> client_system_;
  std::unique_ptr<Node> server_;
  std::unique_ptr<Node> client_;
};

TEST_P(SleepClockTest, F132_ANewConnectionAfterASleep) {
  LetAllSleep();
  const absl::StatusOr<Probe::Ref> found = Lookup();
  EXPECT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(server_->Counters().handshakes_failed, 0u);
}

TEST_P(SleepClockTest, F132_ARequestWithADeadlineAfterASleep) {
  const absl::StatusOr<Probe::Ref> found = Lookup();
  ASSERT_TRUE(found.ok()) << found.status();
  LetAllSleep();
  const absl::StatusOr<Number> reply = found->Ask(Num(1)).Within(kPatience).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  const absl::Duration remaining = remaining_.Wait(1)[0];
  EXPECT_GT(remaining, absl::ZeroDuration());
  EXPECT_LE(remaining, kPatience);
}

INSTANTIATE_TEST_SUITE_P(Shards, SleepClockTest, testing::Values(1, 2));

}  // namespace
}  // namespace troupe::test
