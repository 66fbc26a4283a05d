// Three nodes that ask one another without end, while links, machines and processes fail by the
// seed: no request is handled twice, no outcome lies about that, and once all is mended all is
// well.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/sim/tally.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/call.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/loop/platform.h"
#include "troupe/sim/fault_driver.h"
#include "troupe/sim/for_each_seed.h"
#include "troupe/sim/oracles/requests_oracle.h"
#include "troupe/sim/sim_run.h"
#include "troupe/transport/node.h"

namespace troupe {
namespace {

using tally::Tally;
using tally::TallyReply;
using tally::TallyRequest;

// What happened, whatever became of whom it happened to.
struct Record {
  explicit Record(SimRun& sim_run) : run(sim_run), requests(sim_run) {}

  SimRun& run;
  RequestsOracle requests;
  std::set<std::string> talking;  // Pairs of nodes.
  int64_t hanging = 0;            // Handlers that wait until they are cancelled.
  bool over = false;
};

// Every so many requests are never answered, and so are given up by their callers.
bool Hangs(int64_t number) { return number % 50 == 0; }

class Counted {
 public:
  explicit Counted(int64_t* count) : count_(count) { ++*count_; }
  ~Counted() { --*count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  int64_t* const count_;
};

// Handles each request once, it hopes.
class Server final : public Tally::Actor {
 public:
  explicit Server(Record* record) : record_(record) {}

  Reply<TallyReply> Add(Context& cx, const TallyRequest& request) override {
    record_->requests.Ran(static_cast<uint64_t>(request.amount()));
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
    const uint64_t asked = record_->requests.New(0);
    const auto number = static_cast<int64_t>(asked);
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
    record_->requests.Outcome(asked, reply.status());
    if (reply.ok()) {
      record_->run.Expect(reply->total() == number, "the reply of another request");
      record_->talking.insert(pair_);
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
  Cluster(SimRun& run, Record* record) : record_(record), limits_(run.limits()) {
    for (int i = 0; i < kNodes; ++i) {
      platforms_.push_back(&run.AddNode(NameOf(i)));
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
    member.system = *System::Start(
        {.shards = 2, .limits = limits_, .platform = platforms_[static_cast<size_t>(i)]});
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
  const Limits limits_;
  std::vector<Platform*> platforms_;
  std::vector<std::unique_ptr<Member>> members_;
};

void RunWithFaults(SimRun& run, bool crashes) {
  Record record(run);
  Cluster cluster(run, &record);
  FaultDriver faults(run.simulation(), Cluster::names(), run.seed(),
                     {.crashes = crashes ? 2u : 0u,
                      .rolling_restarts = crashes ? 1u : 0u,
                      .shards = 2,
                      .crash = [&](const std::string& node) { cluster.End(node); },
                      .restart = [&](const std::string& node) { cluster.Start(node); },
                      .happens = run.Each("fault")});
  run.simulation().RunFor(absl::Seconds(5));
  faults.RunFor(absl::Seconds(run.Number("seconds", 1, 60)));
  faults.MendAll();
  // Pauses end by themselves, and those who wait before they dial again wait at most so long.
  run.simulation().RunFor(absl::Seconds(45));
  record.talking.clear();
  run.simulation().RunFor(absl::Seconds(15));
  run.Expect(
      record.talking.size() == kNodes * (kNodes - 1),
      absl::StrCat("only ", record.talking.size(), " pairs of nodes talk after all is mended"));
  record.over = true;
  run.simulation().RunFor(absl::Seconds(35));
  // Callers end with their nodes, and take what they ask with them.
  record.requests.Judge([](uint64_t) { return false; });
  run.Expect(record.hanging == 0, absl::StrCat(record.hanging, " handlers wait for nobody"));
}

TEST(FaultsTest, NothingIsHandledTwiceNoOutcomeLiesAndAllIsWellAtTheEnd) {
  ForEachSeed([](SimRun& run) { RunWithFaults(run, /*crashes=*/false); });
}

TEST(FaultsTest, TheSameWhenProcessesCrashAndMachinesAreSwitchedOff) {
  ForEachSeed([](SimRun& run) { RunWithFaults(run, /*crashes=*/true); });
}

}  // namespace
}  // namespace troupe
