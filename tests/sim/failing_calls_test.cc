// Calls of a node that the kernel or a full queue refuses, one after the other until all have been:
// what needs one says so, and everything else works.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/sim/tally.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/system.h"
#include "troupe/actors/worker.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/transport/node.h"

namespace troupe {
namespace {

using tally::Tally;
using tally::TallyReply;
using tally::TallyRequest;

TallyReply Total(int64_t total) {
  TallyReply reply;
  reply.set_total(total);
  return reply;
}

class TallyWorker final : public Tally::Worker {
 public:
  absl::StatusOr<TallyReply> Add(WorkerContext&, const TallyRequest& request) override {
    return Total(request.amount());
  }
};

// Uses a child, a pool of workers and the blocking pool for each answer, and says which failed it.
class Clerk final : public Tally::Actor {
 public:
  Reply<TallyReply> Add(Context& cx, const TallyRequest& request) override {
    const absl::StatusOr<Child> child = cx.Exec(this, {.argv = {"/bin/clerk"}});
    if (!child.ok()) co_return child.status();
    const Tally::Ref worker = cx.SpawnWorkers<TallyWorker>({.threads = 1});
    const absl::StatusOr<TallyReply> worked = co_await worker.Add(request);
    if (!worked.ok()) co_return worked.status();
    const absl::StatusOr<int> offloaded = co_await cx.Offload([] { return 1; });
    if (!offloaded.ok()) co_return offloaded.status();
    co_return Total(worked->total() + *offloaded);
  }
  void On(Context&, const ChildExited&) {}
};

// What came of a run in which the n-th call of the server failed, and how many calls there were.
struct Outcome {
  absl::Status status;
  uint64_t calls = 0;
};

Outcome RunWithFailure(uint64_t n) {
  TestSimulation simulation({.log_to_stderr = false});
  simulation.AddProgram("/bin/clerk",
                        [](const ChildOptions&, std::string_view) { return SimProgramRun(); });
  Platform& platform = simulation.AddNode("server");
  simulation.FailCall("server", n);
  const auto outcome = [&](absl::Status status) {
    return Outcome{std::move(status), simulation.CallsOf("server")};
  };
  const auto client = *System::Start({.shards = 1, .platform = &simulation.AddNode("client")});
  const auto client_node = *Node::Start(*client, {.name = "client"});
  const auto server = System::Start({.shards = 2, .platform = &platform});
  if (!server.ok()) return outcome(server.status());
  const auto node = Node::Start(**server, {.name = "server", .listen = "127.0.0.1:4500"});
  if (!node.ok()) return outcome(node.status());
  const Tally::Ref clerk = (*server)->Spawn<Clerk>({});
  EXPECT_EQ((*node)->Export("clerk", clerk), absl::OkStatus());
  const auto remote =
      client_node->Lookup<Tally>("troupe://127.0.0.1:4500/clerk").Within(absl::Minutes(1)).Wait();
  if (!remote.ok()) return outcome(remote.status());
  TallyRequest request;
  request.set_amount(41);
  absl::StatusOr<TallyReply> reply = remote->Add(request).Wait();
  const absl::Status first = reply.status();
  // What failed once need not fail again.
  if (!reply.ok()) reply = remote->Add(request).Wait();
  EXPECT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply.ok() ? reply->total() : -1, 42);
  return outcome(first);
}

TEST(FailingCallsTest, F72_EachCallThatFailsCostsWhatNeedsItAndNothingElse) {
  const Outcome whole = RunWithFailure(0);
  ASSERT_EQ(whole.status, absl::OkStatus());
  EXPECT_GT(whole.calls, 8u);
  uint64_t told = 0;
  uint64_t workers_full = 0, pool_full = 0, no_descriptor = 0;
  for (uint64_t n = 1; n <= whole.calls; ++n) {
    SCOPED_TRACE(n);
    const Outcome outcome = RunWithFailure(n);
    EXPECT_GE(outcome.calls, n) << "the call was never made";
    if (outcome.status.ok()) continue;
    ++told;
    EXPECT_TRUE(outcome.status.code() == absl::StatusCode::kResourceExhausted ||
                std::string(outcome.status.message()).starts_with("the actor was never born: "))
        << outcome.status;
    // A queue has no call of the kernel's to name: it says which it is, and its bound.
    const std::string text(outcome.status.message());
    workers_full += text.find("the workers' queue is full: queue_max (") != std::string::npos;
    pool_full +=
        text.find("the blocking pool's queue is full: worker_queue_max (") != std::string::npos;
    no_descriptor += text.find("Too many open files") != std::string::npos;
    EXPECT_EQ(workers_full + pool_full + no_descriptor, told) << outcome.status;
  }
  EXPECT_EQ(workers_full, 1u);
  EXPECT_EQ(pool_full, 1u);
  // All but an accept, which is tried again.
  EXPECT_GE(told, whole.calls - 2);
}

}  // namespace
}  // namespace troupe
