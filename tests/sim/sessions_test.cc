// Promises between nodes that random programs once found broken, each over many seeds. Those that
// are still broken are in known_faults.h.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/sim/random_program/player.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/call.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/sim/link_options.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/tests/sim/known_faults.h"
#include "troupe/transport/node.h"

namespace troupe {
namespace {

using player::Player;

// Answers at once, or never; counts what it is told.
class Host final : public Player::Actor {
 public:
  explicit Host(bool answers) : answers_(answers) {}

  Reply<player::Answer> Ask(Context& cx, const player::Question& question) override {
    player::Answer answer;
    answer.set_number(question.number());
    if (answers_) return answer;
    return Hang(cx);
  }
  Reply<void> Tell(Context&, const player::News&) override { return absl::OkStatus(); }
  Reply<void> Introduce(Context&, const player::Introduction&) override { return absl::OkStatus(); }
  Reply<void> Count(Context&, const player::CountRequest&, Sink<player::Item>) override {
    return absl::OkStatus();
  }

 private:
  Reply<player::Answer> Hang(Context& cx) {
    co_await cx.Sleep(absl::InfiniteDuration());
    co_return absl::CancelledError("given up");
  }

  const bool answers_;
};

// Does what a test wants inside of an actor, and keeps what it is told.
class Guest final : public Actor {
 public:
  struct Do {
    std::function<Reply<void>(Context&, Guest&)> run;
  };

  Reply<void> On(Context& cx, const Do& what) { return what.run(cx, *this); }
  void On(Context&, const Undelivered& notice) {
    undelivered.push_back(notice.target);
    tags.push_back(notice.tag.value());
  }
  void On(Context&, const Down& down) { downs.push_back(down.status); }

  std::vector<AnyRef> undelivered;
  std::vector<uint64_t> tags;
  std::vector<absl::Status> downs;
};

// Two nodes, and what the second knows of the first's host.
struct Pair {
  explicit Pair(SimulationOptions options, const Limits& limits = {})
      : simulation(std::move(options)) {
    home = *System::Start({.shards = 2, .limits = limits, .platform = &simulation.AddNode("home")});
    home_node = *Node::Start(*home, {.name = "home", .listen = "127.0.0.1:4500"});
    away = *System::Start({.shards = 1, .platform = &simulation.AddNode("away")});
    away_node = *Node::Start(*away, {.name = "away", .listen = "127.0.0.1:4501"});
  }
  ~Pair() {
    away_node.reset();
    away.reset();
    home_node.reset();
    home.reset();
  }

  // A host of the first node, on its shard `shard`, as the second knows it.
  Player::Ref Meet(const std::string& name, bool answers, int shard = 0,
                   AnyRef* at_home = nullptr) {
    const Player::Ref host = home->Spawn<Host>({.placement = Placement::OnShard(shard)}, answers);
    EXPECT_TRUE(home_node->Export(name, host).ok());
    if (at_home != nullptr) *at_home = host;
    const auto found =
        away_node->Lookup<Player>(absl::StrCat("troupe://127.0.0.1:4500/", name)).Wait();
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *found : Player::Ref();
  }

  TestSimulation simulation;
  std::unique_ptr<System> home, away;
  std::unique_ptr<Node> home_node, away_node;
};

player::Question Question(uint64_t number) {
  player::Question question;
  question.set_number(number);
  return question;
}

TEST(SessionsTest, F159_ALossIsToldWhateverWasAcknowledgedMeanwhile) {
  std::vector<std::string> wrong;
  for (const uint64_t seed : SimulationSeeds(5)) {
    std::vector<AnyRef> undelivered;
    Pair pair({.seed = seed, .log_to_stderr = false});
    AnyRef at_home;
    const Player::Ref busy = pair.Meet("busy", /*answers=*/false, 0, &at_home);
    const Player::Ref idle = pair.Meet("idle", /*answers=*/true);
    const Ref<Guest> guest = pair.away->Spawn<Guest>({});
    guest.Send(Guest::Do{[busy, idle](Context& cx, Guest&) -> Reply<void> {
      const Pending<player::Answer> held = busy.Ask(Question(1)).Within(absl::Hours(1)).Start();
      busy.Tell(player::News());
      for (int i = 0; i < 600; ++i) {
        idle.Tell(player::News());
        if (i % 50 == 0) co_await cx.Sleep(absl::Milliseconds(50));
      }
      co_await cx.Sleep(absl::Seconds(5));
      co_return absl::OkStatus();
    }});
    pair.simulation.RunFor(absl::Seconds(4));
    pair.home->Stop(at_home);
    pair.simulation.RunFor(absl::Seconds(4));
    guest.Send(Guest::Do{[&undelivered](Context&, Guest& self) -> Reply<void> {
      undelivered = self.undelivered;
      return absl::OkStatus();
    }});
    pair.simulation.RunFor(absl::Seconds(1));
    if (undelivered != std::vector<AnyRef>{busy}) {
      wrong.push_back(absl::StrCat("seed ", seed, ": told of ", undelivered.size(), " losses"));
    }
  }
  ExpectKept("F159", wrong);
}

// Refused by the peer, and when the session ends.
TEST(SessionsTest, F164_ALossNamesItsTargetAndItsMessage) {
  for (const bool ends : {false, true}) {
    std::vector<AnyRef> undelivered;
    std::vector<uint64_t> tags;
    Pair pair({.log_to_stderr = false});
    AnyRef at_home;
    const Player::Ref host = pair.Meet("host", /*answers=*/true, 0, &at_home);
    const Ref<Guest> guest = pair.away->Spawn<Guest>({});
    guest.Send(Guest::Do{[](Context&, Guest&) -> Reply<void> { return absl::OkStatus(); }});
    if (ends) {
      pair.simulation.Cut("away", "home");
    } else {
      pair.home->Stop(at_home);
    }
    pair.simulation.RunFor(absl::Milliseconds(1));
    guest.Send(Guest::Do{[host](Context&, Guest&) -> Reply<void> {
      host.Tell(player::News(), Tag(17));
      host.Tell(player::News(), Tag(18));
      host.Tell(player::News());
      return absl::OkStatus();
    }});
    pair.simulation.RunFor(absl::Minutes(1));
    guest.Send(Guest::Do{[&](Context&, Guest& self) -> Reply<void> {
      undelivered = self.undelivered;
      tags = self.tags;
      return absl::OkStatus();
    }});
    pair.simulation.RunFor(absl::Seconds(1));
    EXPECT_EQ(undelivered, (std::vector<AnyRef>{host, host, host})) << ends;
    EXPECT_EQ(tags, (std::vector<uint64_t>{17, 18, 0})) << ends;
  }
}

TEST(SessionsTest, F160_NodesThatDialEachOtherAtOnceHaveOneSession) {
  std::vector<std::string> wrong;
  for (const uint64_t seed : SimulationSeeds(200)) {
    int answers = 0, downs = 0;
    Pair pair({.seed = seed,
               .network_delay = {absl::ZeroDuration(), absl::Milliseconds(300)},
               .log_to_stderr = false});
    const Player::Ref at_home = pair.home->Spawn<Host>({}, true);
    const Player::Ref at_away = pair.away->Spawn<Host>({}, true);
    EXPECT_TRUE(pair.home_node->Export("host", at_home).ok());
    EXPECT_TRUE(pair.away_node->Export("host", at_away).ok());
    const auto asks = [&](Node* node, std::string url) {
      return Guest::Do{[&answers, &downs, node, url](Context& cx, Guest& self) -> Reply<void> {
        auto lookup = node->Lookup<Player>(url).Within(absl::Seconds(30));
        const absl::StatusOr<Player::Ref> found = co_await std::move(lookup);
        if (!found.ok()) co_return absl::OkStatus();
        cx.Monitor(&self, *found);
        for (uint64_t i = 0; i < 20; ++i) {
          auto call = Player::Ref(*found).Ask(Question(i)).Within(absl::Seconds(20));
          const absl::StatusOr<player::Answer> answer = co_await std::move(call);
          answers += answer.ok() ? 1 : 0;
        }
        co_await cx.Sleep(absl::Seconds(1));
        downs += static_cast<int>(self.downs.size());
        co_return absl::OkStatus();
      }};
    };
    pair.home->Spawn<Guest>({}).Send(asks(pair.home_node.get(), "troupe://127.0.0.1:4501/host"));
    pair.away->Spawn<Guest>({}).Send(asks(pair.away_node.get(), "troupe://127.0.0.1:4500/host"));
    pair.simulation.RunFor(absl::Minutes(1));
    const uint64_t sessions = pair.home_node->Counters().sessions_begun;
    if (answers == 40 && downs == 0 && sessions == 1) continue;
    wrong.push_back(absl::StrCat("seed ", seed, ": ", answers, " answers, ", downs, " Downs, ",
                                 sessions, " sessions"));
  }
  ExpectKept("F160", wrong);
}

TEST(SessionsTest, F161_AMonitorAfterAPartitionIsNoDownOfTheLiving) {
  std::vector<std::string> wrong;
  for (const uint64_t seed : SimulationSeeds(20)) {
    std::vector<absl::Status> downs;
    Pair pair({.seed = seed, .log_to_stderr = false});
    const Player::Ref host = pair.Meet("host", true);
    pair.simulation.Partition("home", "away");
    pair.simulation.RunFor(absl::Seconds(15));
    pair.simulation.Heal("home", "away");
    const Ref<Guest> guest = pair.away->Spawn<Guest>({});
    guest.Send(Guest::Do{[host](Context& cx, Guest& self) -> Reply<void> {
      cx.Monitor(&self, host);
      return absl::OkStatus();
    }});
    pair.simulation.RunFor(absl::Seconds(20));
    guest.Send(Guest::Do{[&downs](Context&, Guest& self) -> Reply<void> {
      downs = self.downs;
      return absl::OkStatus();
    }});
    pair.simulation.RunFor(absl::Seconds(1));
    if (!downs.empty()) wrong.push_back(absl::StrCat("seed ", seed, ": ", downs[0].ToString()));
  }
  ExpectKept("F161", wrong);
}

TEST(SessionsTest, F162_AFloodToANodeCostsNobodyElseHisRequest) {
  std::vector<std::string> wrong;
  for (const uint64_t seed : SimulationSeeds(1)) {
    // What actors refer to outlives their systems.
    bool over = false;
    int passed = 0, unsent = 0, lost = 0;
    Pair pair({.seed = seed, .log_to_stderr = false});
    const Player::Ref host = pair.Meet("host", true);
    LinkOptions link;
    link.bytes_per_second = 1 << 20;
    pair.simulation.SetLink("away", "home", link);
    pair.away->Spawn<Guest>({}).Send(Guest::Do{[&over, host](Context& cx, Guest&) -> Reply<void> {
      while (!over) {
        for (int i = 0; i < 5000; ++i) host.Tell(player::News());
        co_await cx.Sleep(absl::Milliseconds(1));
      }
      co_return absl::OkStatus();
    }});
    pair.away->Spawn<Guest>({}).Send(Guest::Do{[&, host](Context& cx, Guest&) -> Reply<void> {
      for (uint64_t i = 0; i < 20; ++i) {
        co_await cx.Sleep(absl::Milliseconds(100));
        auto call = Player::Ref(host).Ask(Question(i)).Within(absl::Seconds(60));
        const absl::StatusOr<player::Answer> answer = co_await std::move(call);
        const bool was_sent = CertaintyOf(answer.status()) != Certainty::kNotSent;
        ++(answer.ok() ? passed : was_sent ? lost : unsent);
      }
      over = true;
      co_return absl::OkStatus();
    }});
    pair.simulation.RunUntil([&] { return over; }, absl::Minutes(10));
    if (over && lost == 0 && passed > 0) continue;
    wrong.push_back(absl::StrCat("seed ", seed, ": ", passed, " passed, ", unsent,
                                 " were not sent, ", lost, " lost"));
  }
  ExpectKept("F162", wrong);
}

TEST(SessionsTest, F165_ATargetThatIsHeldUpHoldsNobodyElse) {
  std::vector<std::string> wrong;
  for (const uint64_t seed : SimulationSeeds(20)) {
    int answers = 0;
    Pair pair({.seed = seed, .log_to_stderr = false}, {.shard_ring_messages = 1});
    const Player::Ref slow = pair.Meet("slow", true, /*shard=*/1);
    const Player::Ref quick = pair.Meet("quick", true, /*shard=*/0);
    const uint64_t before = pair.home_node->Counters().sessions_begun;
    pair.away->Spawn<Guest>({}).Send(
        Guest::Do{[&answers, slow, quick](Context& cx, Guest& self) -> Reply<void> {
          cx.Monitor(&self, quick);
          std::vector<Pending<player::Answer>> waiting;
          for (uint64_t i = 0; i < 100; ++i) {
            waiting.push_back(slow.Ask(Question(i)).Within(absl::Minutes(1)).Start());
          }
          for (uint64_t i = 0; i < 10; ++i) {
            co_await cx.Sleep(absl::Seconds(1));
            auto call = Player::Ref(quick).Ask(Question(i)).Within(absl::Seconds(1));
            const absl::StatusOr<player::Answer> answer = co_await std::move(call);
            answers += answer.ok() && self.downs.empty() ? 1 : 0;
          }
          for (Pending<player::Answer>& each : waiting) {
            const absl::StatusOr<player::Answer> answer = co_await each;
            answers += answer.ok() ? 1 : 0;
          }
          co_return absl::OkStatus();
        }});
    // The shard of the session is the other one, if it is not this one that stands still.
    pair.simulation.PauseShard("home", 1, absl::Seconds(14));
    pair.simulation.RunFor(absl::Minutes(1));
    const uint64_t sessions = pair.home_node->Counters().sessions_begun - before;
    if (answers == 110 && sessions == 0) continue;
    wrong.push_back(
        absl::StrCat("seed ", seed, ": ", answers, " answers, ", sessions, " more sessions"));
  }
  ExpectKept("F165", wrong);
}

}  // namespace
}  // namespace troupe
