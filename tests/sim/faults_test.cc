// Three nodes that ask one another without end, while links, machines and processes fail by the
// seed: no request is handled twice, no outcome lies about that, and once all is mended all is
// well.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/sim/tally.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/call.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/system.h"
#include "troupe/sim/fault_driver.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/transport/node.h"

namespace troupe {
namespace {

using tally::Tally;
using tally::TallyReply;
using tally::TallyRequest;

// What happened, whatever became of whom it happened to.
struct Record {
  std::map<int64_t, int> handled;  // Requests, by number.
  std::map<int64_t, absl::Status> outcomes;
  std::map<std::string, std::vector<int64_t>> last_answered;  // By the pair of nodes.
  std::vector<std::string> wrong;
  int64_t last_number = 0;
  int hanging = 0;  // Handlers that wait until they are cancelled.
  bool over = false;
};

// Every so many requests are never answered, and so are given up by their callers.
bool Hangs(int64_t number) { return number % 50 == 0; }

class Counted {
 public:
  explicit Counted(int* count) : count_(count) { ++*count_; }
  ~Counted() { --*count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  int* const count_;
};

// Handles each request once, it hopes.
class Server final : public Tally::Actor {
 public:
  explicit Server(Record* record) : record_(record) {}

  Reply<TallyReply> Add(Context& cx, const TallyRequest& request) override {
    ++record_->handled[request.amount()];
    if (Hangs(request.amount())) return Hang(cx);
    TallyReply reply;
    reply.set_total(request.amount());
    return reply;
  }

 private:
  Reply<TallyReply> Hang(Context& cx) {
    const Counted counted(&record_->hanging);
    co_await cx.Sleep(absl::InfiniteDuration());
    co_return absl::CancelledError("given up");
  }

  Record* const record_;
};

// Asks the server of another node again and again, and looks it up anew when that seems to be gone.
class Caller final : public Actor {
 public:
  Caller(const std::unique_ptr<Node>* node, std::string url, std::string pair, Record* record)
      : node_(node), url_(std::move(url)), pair_(std::move(pair)), record_(record) {}

  struct Begin {};
  Reply<void> OnStart(Context& cx) override {
    cx.Self(this).Send(Begin{});
    return absl::OkStatus();
  }
  Reply<void> On(Context& cx, const Begin&) {
    std::optional<Tally::Ref> server;
    while (*node_ != nullptr && !record_->over) {
      if (!server.has_value()) {
        auto lookup = (*node_)->Lookup<Tally>(url_).Within(absl::Seconds(5));
        absl::StatusOr<Tally::Ref> found = co_await std::move(lookup);
        if (found.ok()) server = *found;
      } else {
        const absl::StatusOr<bool> is_there = co_await AskOnce(cx, *server);
        if (!is_there.ok() || !*is_there) server.reset();
      }
      const auto pause = absl::Microseconds(cx.random().Below(50'000));
      co_await cx.Sleep(pause);
    }
    co_return absl::OkStatus();
  }

 private:
  Reply<bool> AskOnce(Context& cx, Tally::Ref server) {
    TallyRequest request;
    const int64_t number = ++record_->last_number;
    request.set_amount(number);
    if (Hangs(number)) {
      // Its time would last for the whole run: only the cancellation ends it at the server.
      const Pending<TallyReply> dropped = server.Add(request).Within(absl::Hours(1)).Start();
      co_await cx.Sleep(absl::Milliseconds(100));
      co_return true;
    }
    // Some give up while the session lives, others hear of its end.
    auto call = server.Add(request).Within(absl::Seconds(number % 2 == 0 ? 2 : 30));
    const absl::StatusOr<TallyReply> reply = co_await std::move(call);
    record_->outcomes.emplace(number, reply.status());
    if (reply.ok()) {
      if (reply->total() != number) record_->wrong.push_back("the reply of another request");
      record_->last_answered[pair_].push_back(number);
    }
    co_return reply.ok();
  }

  const std::unique_ptr<Node>* const node_;
  const std::string url_;
  const std::string pair_;
  Record* const record_;
};

constexpr int kNodes = 3;

std::string NameOf(int node) { return absl::StrCat("node-", node); }
std::string AddressOf(int node) { return absl::StrCat("127.0.0.1:", 4500 + node); }

class Cluster {
 public:
  Cluster(Simulation& simulation, Record* record) : record_(record) {
    for (int i = 0; i < kNodes; ++i) {
      platforms_.push_back(&simulation.AddNode(NameOf(i)));
      members_.push_back(std::make_unique<Member>());
    }
    for (int i = 0; i < kNodes; ++i) Start(i);
  }

  static std::vector<std::string> names() {
    std::vector<std::string> all;
    for (int i = 0; i < kNodes; ++i) all.push_back(NameOf(i));
    return all;
  }

  void Start(const std::string& name) { Start(name.back() - '0'); }
  void End(const std::string& name) {
    Member& member = *members_[static_cast<size_t>(name.back() - '0')];
    member.node.reset();
    member.system.reset();
  }

 private:
  struct Member {
    std::unique_ptr<System> system;
    std::unique_ptr<Node> node;
  };

  void Start(int i) {
    Member& member = *members_[static_cast<size_t>(i)];
    member.system = *System::Start({.shards = 2, .platform = platforms_[static_cast<size_t>(i)]});
    member.node = *Node::Start(*member.system, {.name = NameOf(i), .listen = AddressOf(i)});
    EXPECT_EQ(member.node->Export("server", Tally::Ref(member.system->Spawn<Server>({}, record_))),
              absl::OkStatus());
    for (int other = 0; other < kNodes; ++other) {
      if (other == i) continue;
      member.system->Spawn<Caller>({}, &member.node,
                                   absl::StrCat("troupe://", AddressOf(other), "/server"),
                                   absl::StrCat(i, " to ", other), record_);
    }
  }

  Record* const record_;
  std::vector<Platform*> platforms_;
  std::vector<std::unique_ptr<Member>> members_;
};

// What is wrong with what happened.
std::vector<std::string> Judge(const Record& record) {
  std::vector<std::string> wrong = record.wrong;
  for (const auto& [number, times] : record.handled) {
    if (times > 1)
      wrong.push_back(absl::StrCat("request ", number, " was handled ", times, " times"));
  }
  for (const auto& [number, outcome] : record.outcomes) {
    const bool handled = record.handled.contains(number);
    if (outcome.ok() && !handled) {
      wrong.push_back(absl::StrCat("request ", number, " has a reply and was not handled"));
    }
    if (!outcome.ok() && handled && CertaintyOf(outcome) != Certainty::kMaybeExecuted) {
      wrong.push_back(absl::StrCat("request ", number, " was handled, but: ", outcome.ToString()));
    }
  }
  return wrong;
}

struct RunResult {
  std::vector<std::string> wrong;
  size_t answered = 0;
};

RunResult RunWithFaults(uint64_t seed, bool crashes) {
  TestSimulation simulation({.seed = seed, .log_to_stderr = false});
  Record record;
  Cluster cluster(simulation, &record);
  FaultDriver faults(simulation, Cluster::names(), seed,
                     {.crashes = crashes ? 2u : 0u,
                      .shards = 2,
                      .crash = [&](const std::string& node) { cluster.End(node); },
                      .restart = [&](const std::string& node) { cluster.Start(node); }});
  simulation.RunFor(absl::Seconds(5));
  faults.RunFor(absl::Minutes(1));
  faults.MendAll();
  // Pauses end by themselves, and those who wait before they dial again wait at most so long.
  simulation.RunFor(absl::Seconds(45));
  record.last_answered.clear();
  simulation.RunFor(absl::Seconds(15));
  RunResult result{.wrong = Judge(record), .answered = record.outcomes.size()};
  record.over = true;
  simulation.RunFor(absl::Seconds(35));
  if (record.hanging != 0) {
    result.wrong.push_back(absl::StrCat(record.hanging, " handlers wait for nobody"));
  }
  if (record.last_answered.size() != kNodes * (kNodes - 1)) {
    result.wrong.push_back(absl::StrCat("only ", record.last_answered.size(),
                                        " pairs of nodes talk after all is mended"));
  }
  if (!result.wrong.empty()) {
    for (const std::string& line : faults.log()) result.wrong.push_back(line);
  }
  return result;
}

class FaultsTest : public testing::TestWithParam<bool> {};

TEST_P(FaultsTest, NothingIsHandledTwiceNoOutcomeLiesAndAllIsWellAtTheEnd) {
  for (const uint64_t seed : SimulationSeeds(8)) {
    const RunResult result = RunWithFaults(seed, GetParam());
    EXPECT_GT(result.answered, 500u);
    EXPECT_TRUE(result.wrong.empty()) << "seed " << seed << ":\n"
                                      << absl::StrJoin(result.wrong, "\n");
  }
}

INSTANTIATE_TEST_SUITE_P(Crashes, FaultsTest, testing::Bool());

}  // namespace
}  // namespace troupe
