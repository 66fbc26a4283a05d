// Requests, streams, sinks and coroutines that are dropped or used on another thread or shard than
// their actor's: a CHECK with words, whatever else has the same number there.

#include <unistd.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
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
#include "troupe/actors/system.h"
#include "troupe/tests/actors/child_end.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

Reply<void> Sleeps(Context& cx) {
  co_await cx.Sleep(absl::Hours(1));
  co_return absl::OkStatus();
}

// What one actor has begun, for others to misuse.
struct Begun {
  std::optional<Pending<Number>> pending;
  std::optional<Stream<Number>> stream;
  std::optional<Reply<void>> reply;
  std::optional<Sink<Number>> sink;
};
using Misuse = std::function<Reply<void>(Begun& begun)>;

struct NamedMisuse {
  std::string name;
  Misuse run;
};

std::vector<NamedMisuse> Misuses() {
  return {
      {"Pending",
       [](Begun& begun) -> Reply<void> {
         begun.pending.reset();
         return absl::OkStatus();
       }},
      {"Stream",
       [](Begun& begun) -> Reply<void> {
         begun.stream.reset();
         return absl::OkStatus();
       }},
      {"Reply",
       [](Begun& begun) -> Reply<void> {
         begun.reply.reset();
         return absl::OkStatus();
       }},
      {"Write",
       [](Begun& begun) -> Reply<void> {
         const absl::Status written = co_await begun.sink->Write(Num(1));
         co_return written;
       }},
      {"Next",
       [](Begun& begun) -> Reply<void> {
         const absl::StatusOr<std::optional<Number>> item = co_await begun.stream->Next();
         co_return item.status();
       }},
      {"Await",
       [](Begun& begun) -> Reply<void> {
         const absl::StatusOr<Number> outcome = co_await *begun.pending;
         co_return outcome.status();
       }},
      {"AwaitReply",
       [](Begun& begun) -> Reply<void> {
         const absl::Status outcome = co_await *begun.reply;
         co_return outcome;
       }},
  };
}

// Begins one of each on the first shard, and as many requests on the second, so that these would
// have the same numbers.
struct Scene {
  Scene() : system(StartSystem(2)) {
    const Script script{
        .mix = [](Context& cx, const Number& n) -> Reply<Number> {
          co_await cx.Sleep(absl::Hours(1));
          co_return n;
        },
        .count = [this](Context& cx, const Number&, Sink<Number> out) -> Reply<void> {
          begun.sink = out;
          co_await cx.Sleep(absl::Hours(1));
          co_return absl::OkStatus();
        }};
    const Ref<ProbeActor> answers = system->Spawn<ProbeActor>(OnShard(0), script);
    const Probe::Ref peer(answers);
    first = system->Spawn<ProbeActor>(OnShard(0), Script{});
    second = system->Spawn<ProbeActor>(OnShard(1), Script{});
    Perform(second, [&](ProbeActor&, Context&) {
      for (auto& each : unrelated) each.emplace(peer.Mix(Num(1)).Start());
    });
    Perform(first, [&](ProbeActor&, Context& cx) {
      begun.pending.emplace(peer.Mix(Num(1)).Start());
      begun.stream.emplace(peer.Count(Num(1)).Start());
      begun.reply.emplace(Sleeps(cx));
    });
    Settle(answers);
  }

  std::unique_ptr<System> system;
  Ref<ProbeActor> first;
  Ref<ProbeActor> second;
  Begun begun;
  std::optional<Pending<Number>> unrelated[4];
};

class ForeignDropTest : public testing::TestWithParam<size_t> {};

TEST_P(ForeignDropTest, F129_OnAnotherShardItIsACheck) {
  const NamedMisuse misuse = Misuses()[GetParam()];
  const ChildEnd end = EndOfChild([&] {
    Scene scene;
    scene.second.Send(
        Do{[&](ProbeActor&, Context&) -> Reply<void> { return misuse.run(scene.begun); }});
    Settle(scene.second);
    _exit(0);
  });
  EXPECT_TRUE(end.CheckedWith({"thread", "shard"})) << misuse.name << ": " << end.ToString();
}

TEST_P(ForeignDropTest, F129_OnAThreadThatIsNoShardsItIsACheck) {
  const NamedMisuse misuse = Misuses()[GetParam()];
  const ChildEnd end = EndOfChild([&] {
    Scene scene;
    static_cast<void>(misuse.run(scene.begun));
    _exit(0);
  });
  EXPECT_TRUE(end.CheckedWith({"thread", "handler"})) << misuse.name << ": " << end.ToString();
}

INSTANTIATE_TEST_SUITE_P(, ForeignDropTest, testing::Range(size_t{0}, Misuses().size()),
                         [](const testing::TestParamInfo<size_t>& info) {
                           return Misuses()[info.param].name;
                         });

// --- What was not begun. ---

TEST(UnsentDropTest, F129_ACallThatAnotherThreadDropsIsACheck) {
  const ChildEnd end = EndOfChild([] {
    const auto system = StartSystem(1);
    const Ref<ProbeActor> actor = system->Spawn<ProbeActor>({}, Script{});
    std::optional<Call<Number>> call;
    Perform(actor, [&](ProbeActor&, Context&) { call.emplace(Probe::Ref(actor).Mix(Num(1))); });
    call.reset();
    _exit(0);
  });
  EXPECT_TRUE(end.CheckedWith({"thread", "shard"})) << end.ToString();
}

Reply<void> ThrowsAtOnce() {
  throw std::runtime_error("thrown");
  co_return absl::OkStatus();
}

TEST(UnsentDropTest, F129_ACoroutineThatThrewWithoutAnActorMayBeDropped) {
  const Reply<void> dropped = ThrowsAtOnce();
  EXPECT_TRUE(dropped.done());
}

}  // namespace
}  // namespace troupe::test
