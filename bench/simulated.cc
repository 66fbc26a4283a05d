// How much faster than real time a simulated cluster runs: nodes that all ask one another, each
// node so many requests a second.
//
// usage: simulated [nodes]      default: 5

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "bench/echo.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/system.h"
#include "troupe/base/check.h"
#include "troupe/bench/report.h"
#include "troupe/bench/usage.h"
#include "troupe/sim/simulation.h"
#include "troupe/transport/node.h"

namespace troupe::bench {
namespace {

constexpr int kShards = 2;
constexpr int kRequestsPerSecond[] = {100, 1000};  // Of each node.
constexpr absl::Duration kTime = absl::Seconds(10);

class Server final : public Echo::Actor {
 public:
  Reply<Msg> Call(Context&, const Msg& request) override { return request; }
  Reply<void> Push(Context&, const Msg&) override { return absl::OkStatus(); }
};

// Asks `server` every `period`, whether or not it has answered.
class Asker final : public Actor {
 public:
  struct Beat {};

  Asker(Echo::Ref server, absl::Duration period, uint64_t* answers)
      : server_(server), period_(period), answers_(answers) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Every(this, period_, Beat{});
    return absl::OkStatus();
  }
  Reply<void> On(Context&, const Beat&) {
    const absl::StatusOr<Msg> answer = co_await server_.Call(Msg());
    *answers_ += answer.ok() ? 1 : 0;
    co_return absl::OkStatus();
  }

 private:
  const Echo::Ref server_;
  const absl::Duration period_;
  uint64_t* const answers_;
};

struct Member {
  std::unique_ptr<System> system;
  std::unique_ptr<Node> node;
};

void Run(int nodes, int requests_per_second) {
  uint64_t answers = 0;
  Simulation simulation({.seed = 1, .log_to_stderr = false});
  std::vector<Member> members;
  for (int i = 0; i < nodes; ++i) {
    const std::string name = absl::StrCat("node-", i);
    Member member;
    member.system = *System::Start({.shards = kShards, .platform = &simulation.AddNode(name)});
    member.node = *Node::Start(*member.system,
                               {.name = name, .listen = absl::StrCat("127.0.0.1:", 4500 + i)});
    const Echo::Ref server = member.system->Spawn<Server>({});
    TROUPE_CHECK(member.node->Export("echo", server).ok());
    members.push_back(std::move(member));
  }
  const absl::Duration period = absl::Seconds(nodes - 1) / requests_per_second;
  for (int i = 0; i < nodes; ++i) {
    for (int other = 0; other < nodes; ++other) {
      if (other == i) continue;
      const Member& here = members[static_cast<size_t>(i)];
      const absl::StatusOr<Echo::Ref> server =
          here.node->Lookup<Echo>(absl::StrCat("troupe://127.0.0.1:", 4500 + other, "/echo"))
              .Wait();
      TROUPE_CHECK(server.ok());
      here.system->Spawn<Asker>({}, *server, period, &answers);
    }
  }
  const uint64_t before = answers;
  const int64_t begin = MonotonicNanos();
  simulation.RunFor(kTime);
  const double seconds = static_cast<double>(MonotonicNanos() - begin) / 1e9;
  const std::string item = absl::StrCat("nodes_", nodes, "_requests_", requests_per_second);
  Report(item, "troupe", "times_real_time", absl::ToDoubleSeconds(kTime) / seconds);
  Report(item, "troupe", "us_per_request", seconds * 1e6 / static_cast<double>(answers - before));
  while (!members.empty()) members.pop_back();
}

}  // namespace
}  // namespace troupe::bench

int main(int argc, char** argv) {
  const int nodes = argc > 1 ? std::atoi(argv[1]) : 5;
  TROUPE_CHECK_MSG(nodes >= 2, "usage: simulated [nodes], of which there are two at least");
  for (const int requests : troupe::bench::kRequestsPerSecond) troupe::bench::Run(nodes, requests);
  return 0;
}
