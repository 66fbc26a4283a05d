// Troupe between processes: an actor of one node calls an actor of another one. `net server` and
// `net client ...`: see RunNetProgram().

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "bench/echo.troupe.h"
#include "troupe/base/check.h"
#include "troupe/bench/bench_system.h"
#include "troupe/bench/echo_actor.h"
#include "troupe/bench/echo_caller.h"
#include "troupe/bench/latencies.h"
#include "troupe/bench/net_node.h"
#include "troupe/bench/net_program.h"
#include "troupe/bench/net_report.h"
#include "troupe/bench/net_workload.h"
#include "troupe/bench/stopwatch.h"
#include "troupe/bench/wire_client.h"

namespace troupe::bench {
namespace {

void Serve(const NetArguments& arguments) {
  NetNode server("bench-server", arguments.spin, /*listen=*/true);
  const Ref<EchoActor> echo = server.system().Spawn<EchoActor>({});
  const absl::Status exported = server.node().Export(kEchoName, echo);
  TROUPE_CHECK_MSG(exported.ok(), exported.ToString());
  AnnouncePort(server.node().address().port);
  server.system().Run();
}

Echo::Ref FindEcho(Node& node, uint16_t port) {
  const std::string url = absl::StrCat("troupe://127.0.0.1:", port, "/", kEchoName);
  absl::StatusOr<Echo::Ref> echo = node.Lookup<Echo>(url).Wait();
  TROUPE_CHECK_MSG(echo.ok(), echo.status().ToString());
  return *echo;
}

// Over the one connection that two nodes have.
void RunBetweenActors(const NetWork& work, const NetArguments& arguments) {
  Stopwatch stopwatch;
  Latencies latencies(static_cast<size_t>(work.messages));
  NetNode client("bench-client", arguments.spin, /*listen=*/false);
  const Echo::Ref echo = FindEcho(client.node(), arguments.port);
  UseCubicEverywhere();
  NetReport report(work, kPeer, arguments.spin, arguments.server_pid);
  if (work.kind == NetKind::kCalls) {
    client.system().Spawn<EchoCaller>({}, echo, work, &latencies, &stopwatch).Send(BeginWork{});
  } else {
    client.system().Spawn<EchoPusher>({}, echo, work, &stopwatch).Send(BeginWork{});
  }
  stopwatch.AwaitSeconds();
  report.Finish(latencies);
}

void Run(const NetWork& work, const NetArguments& arguments) {
  if (work.connections == 1) {
    RunBetweenActors(work, arguments);
  } else {
    WireClient(work, arguments).Run();
  }
}

}  // namespace
}  // namespace troupe::bench

int main(int argc, char** argv) {
  using troupe::bench::RunNetProgram;
  return RunNetProgram({.serve = troupe::bench::Serve, .run = troupe::bench::Run}, argc, argv);
}
