// Messages whose copy or move throws, wherever the runtime copies or moves one: the actor that it
// happens to fails, the log names it, and the process lives.

#include <stdexcept>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/tests/actors/in_a_child.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

// Throws when it is copied or moved, while `armed`. Of 8 bytes it fits an envelope, of 500 it does
// not.
template <size_t kBytes>
class Grenade {
 public:
  Grenade() = default;
  Grenade(const Grenade&) { Moved(); }
  Grenade(Grenade&&) noexcept(false) { Moved(); }
  Grenade& operator=(const Grenade& other) {
    alive_ = other.alive_;
    Moved();
    return *this;
  }

 private:
  static void Moved();

  Alive alive_;
  char bytes_[kBytes] = {};
};
bool armed = false;

template <size_t kBytes>
void Grenade<kBytes>::Moved() {
  if (armed) throw std::runtime_error("thrown by a message");
}

using Small = Grenade<8>;
using Large = Grenade<500>;

struct Now {};
struct Every {};

template <typename M>
class Bearer final : public Actor {
 public:
  Bearer(int* got, int* lives) : got_(got) { ++*lives; }

  void On(Context& cx, const Tick&) { cx.After(this, absl::Milliseconds(1), M()); }
  void On(Context& cx, const Every&) { cx.Every(this, absl::Milliseconds(1), M()); }
  void On(Context&, const M&) { ++*got_; }
  void On(Context&, const Undelivered&) { throw std::runtime_error("thrown for a notice"); }
  // Sends itself one.
  void On(Context& cx, const Now&) {
    const M message;
    cx.Self(this).Send(message);
  }

 private:
  int* const got_;
};

// Takes its message by value.
template <typename M>
class Taker final : public Actor {
 public:
  Taker(int* got, int* lives) : got_(got) { ++*lives; }

  void On(Context&, M) { ++*got_; }

 private:
  int* const got_;
};
template <typename M>
class SlowTaker final : public Actor {
 public:
  SlowTaker(int* got, int* lives) : got_(got) { ++*lives; }

  Reply<void> On(Context& cx, M) {
    co_await cx.Sleep(absl::Milliseconds(1));
    ++*got_;
    co_return absl::OkStatus();
  }

 private:
  int* const got_;
};

template <typename M>
class ThrowingMessageTest : public testing::Test {
 protected:
  // Expects that `body` makes an A fail, once, and that a second life of it works.
  template <typename A, typename Body>
  static void Fails(std::string_view name, Body body) {
    RunInAChild([&] {
      armed = false;
      int got = 0;
      int lives = 0;
      Stage stage(2);
      const Ref<A> actor = stage.system().Spawn<A>(
          {.restart = {.backoff_min = absl::Milliseconds(1), .backoff_max = absl::Milliseconds(1)},
           .placement = Placement::OnShard(1)},
          &got, &lives);
      body(stage, actor);
      armed = false;
      stage.RunFor(absl::Milliseconds(5));
      EXPECT_EQ(stage.system().Counters().failures, 1u);
      EXPECT_EQ(lives, 2);
      EXPECT_TRUE(stage.Logged(name, "failed"));
      actor.Send(M());
      stage.RunFor(absl::Milliseconds(5));
      EXPECT_GE(got, 1);
      stage.ExpectServed();
      stage.End();
    });
  }
};

using Messages = testing::Types<Small, Large>;
TYPED_TEST_SUITE(ThrowingMessageTest, Messages);

TYPED_TEST(ThrowingMessageTest, F118_AsATimerFires) {
  using A = Bearer<TypeParam>;
  this->template Fails<A>("Bearer", [](Stage& stage, const Ref<A>& actor) {
    actor.Send(Tick{});
    stage.RunFor(absl::Microseconds(500));
    armed = true;
    stage.RunFor(absl::Milliseconds(1));
  });
}

TYPED_TEST(ThrowingMessageTest, F118_AsAPeriodicTimerFires) {
  using A = Bearer<TypeParam>;
  this->template Fails<A>("Bearer", [](Stage& stage, const Ref<A>& actor) {
    actor.Send(Every{});
    stage.RunFor(absl::Microseconds(500));
    armed = true;
    stage.RunFor(absl::Milliseconds(1));
  });
}

TYPED_TEST(ThrowingMessageTest, F118_AsAnActorSendsIt) {
  using A = Bearer<TypeParam>;
  this->template Fails<A>("Bearer", [](Stage& stage, const Ref<A>& actor) {
    armed = true;
    actor.Send(Now{});
    stage.RunFor(absl::Milliseconds(1));
  });
}

TYPED_TEST(ThrowingMessageTest, F118_AsAHandlerTakesIt) {
  using A = Taker<TypeParam>;
  this->template Fails<A>("Taker", [](Stage& stage, const Ref<A>& actor) {
    actor.Send(TypeParam());
    armed = true;
    stage.RunFor(absl::Milliseconds(1));
  });
}

TYPED_TEST(ThrowingMessageTest, F118_AsACoroutineTakesIt) {
  using A = SlowTaker<TypeParam>;
  this->template Fails<A>("SlowTaker", [](Stage& stage, const Ref<A>& actor) {
    actor.Send(TypeParam());
    armed = true;
    stage.RunFor(absl::Milliseconds(1));
  });
}

// The one that fails is the sender.
TYPED_TEST(ThrowingMessageTest, F118_AsItIsSentToAnotherShard) {
  RunInAChild([] {
    armed = false;
    int got = 0;
    int lives = 0;
    Stage stage(2);
    const Ref<Taker<TypeParam>> taker =
        stage.system().Spawn<Taker<TypeParam>>(OnShard(1), &got, &lives);
    const Ref<ProbeActor> sender = stage.Spawn(0, Script{.tick = [&](Context&, const Tick&) {
                                                 const TypeParam message;
                                                 armed = true;
                                                 taker.Send(message);
                                               }});
    sender.Send(Tick{});
    stage.RunFor(absl::Milliseconds(5));
    armed = false;
    EXPECT_EQ(stage.system().Counters().failures, 1u);
    EXPECT_TRUE(stage.Logged("ProbeActor", "failed"));
    EXPECT_EQ(lives, 1);
    EXPECT_EQ(got, 0);
    EXPECT_EQ(Alive::count(), 0) << "messages that were never destroyed";
    stage.ExpectServed();
    stage.End();
  });
}

// A reply's value is moved by the coroutine that awaits it: what it throws, that one may catch.
template <typename M>
Reply<M> Make(Context& cx) {
  co_await cx.Sleep(absl::Milliseconds(1));
  co_return M();
}

TYPED_TEST(ThrowingMessageTest, F118_AsAHelpersOutcome) {
  RunInAChild([] {
    armed = false;
    Stage stage(1);
    const absl::StatusOr<Number> outcome =
        stage.Run([](Context& cx, const Number& n) -> Reply<Number> {
          Reply<TypeParam> made = Make<TypeParam>(cx);
          armed = true;
          const absl::StatusOr<TypeParam> message = co_await made;
          co_return n;
        });
    armed = false;
    EXPECT_EQ(outcome.status().code(), absl::StatusCode::kInternal) << outcome.status();
    EXPECT_EQ(stage.system().Counters().failures, 1u);
    EXPECT_TRUE(stage.Logged("ProbeActor", "thrown by a message"));
    EXPECT_EQ(Alive::count(), 0);
    stage.ExpectServed();
    stage.End();
  });
}

TYPED_TEST(ThrowingMessageTest, F118_AsAnOffloadsOutcome) {
  RunInAChild([] {
    armed = false;
    Stage stage(1);
    const absl::StatusOr<Number> outcome =
        stage.Run([](Context& cx, const Number& n) -> Reply<Number> {
          armed = true;
          const absl::StatusOr<TypeParam> made = co_await cx.Offload([] { return TypeParam(); });
          armed = false;
          EXPECT_FALSE(made.ok());
          co_return n;
        });
    armed = false;
    // Either the job's outcome or the handler's.
    EXPECT_TRUE(outcome.ok() || outcome.status().code() == absl::StatusCode::kInternal);
    EXPECT_EQ(Alive::count(), 0);
    stage.ExpectServed();
    stage.End();
  });
}

// The copy that the spawn keeps throws: the one that spawns fails, and nothing of the child is
// left.
TYPED_TEST(ThrowingMessageTest, F118_AsASpawnKeepsIt) {
  RunInAChild([] {
    struct Child final : Actor {
      explicit Child(const TypeParam&) {}
    };
    for (const int shard : {0, 1}) {
      armed = false;
      Stage stage(2);
      const Ref<ProbeActor> parent = stage.Spawn(0, Script{.tick = [&](Context& cx, const Tick&) {
                                                   const TypeParam argument;
                                                   armed = true;
                                                   cx.Spawn<Child>(OnShard(shard), argument);
                                                 }});
      parent.Send(Tick{});
      stage.RunFor(absl::Milliseconds(5));
      armed = false;
      EXPECT_EQ(stage.system().Counters().failures, 1u);
      EXPECT_TRUE(stage.Logged("ProbeActor", "thrown by a message"));
      EXPECT_EQ(Alive::count(), 0);
      stage.ExpectServed();
      stage.End();
    }
  });
}

// A notice is no message of the user's, but its handler is the user's.
TYPED_TEST(ThrowingMessageTest, F118_AsANoticeOfItIsHandled) {
  RunInAChild([] {
    armed = false;
    int lives = 0;
    Stage stage(2);
    const Ref<ProbeActor> gone = stage.Spawn(0, Script{});
    stage.system().Stop(gone);
    stage.RunFor(absl::Milliseconds(1));
    struct Sends final : Actor {
      Sends(Ref<ProbeActor> gone, int* lives) : gone(gone) { ++*lives; }
      void On(Context&, const Now&) { gone.Send(Tick{}); }
      void On(Context&, const Undelivered&) { throw std::runtime_error("thrown for a notice"); }
      const Ref<ProbeActor> gone;
    };
    const Ref<Sends> sender = stage.system().Spawn<Sends>(OnShard(1), gone, &lives);
    sender.Send(Now{});
    stage.RunFor(absl::Seconds(1));
    EXPECT_EQ(stage.system().Counters().failures, 1u);
    EXPECT_EQ(lives, 2);
    EXPECT_TRUE(stage.Logged("Sends", "thrown for a notice"));
    stage.ExpectServed();
    stage.End();
  });
}

}  // namespace
}  // namespace troupe::test
