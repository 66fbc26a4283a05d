#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"

namespace troupe {
namespace {

struct Ping {
  int64_t value;
  AnyRef from;
};
struct Pong {
  int64_t value;
};

class PongActor : public Actor {
 public:
  void On(Context&, const Ping& ping);
};

class PingActor : public Actor {
 public:
  PingActor(Ref<PongActor> peer, int rounds, Event* done)
      : peer_(peer), rounds_(rounds), done_(done) {}
  Reply<void> OnStart(Context& cx) override {
    peer_.Send(Ping{0, cx.self()});
    return absl::OkStatus();
  }
  void On(Context& cx, const Pong& pong) {
    if (pong.value == rounds_) {
      done_->Notify();
      return;
    }
    peer_.Send(Ping{pong.value + 1, cx.self()});
  }

 private:
  Ref<PongActor> peer_;
  int rounds_;
  Event* done_;
};

void PongActor::On(Context&, const Ping& ping) { Ref<PingActor>(ping.from).Send(Pong{ping.value}); }

class MessagesTest : public testing::TestWithParam<int> {};

TEST_P(MessagesTest, GoBackAndForth) {
  auto system = System::Start({.shards = GetParam()});
  ASSERT_TRUE(system.ok()) << system.status();
  auto done = (*system)->runtime().platform().MakeEvent();
  Ref<PongActor> pong = (*system)->Spawn<PongActor>({});
  (*system)->Spawn<PingActor>({}, pong, 10000, done.get());
  EXPECT_TRUE(done->WaitUntil(Instant::Infinite()));
}

INSTANTIATE_TEST_SUITE_P(Shards, MessagesTest, testing::Values(1, 2, 3));

}  // namespace
}  // namespace troupe
