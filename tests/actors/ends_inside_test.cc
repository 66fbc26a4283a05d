// The end of a System or a Node, asked for by the very code that it runs, in a forked child, or in
// the wrong order: a CHECK at once that says what to do instead. Its end beside a stuck worker.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"
#include "troupe/actors/worker.h"
#include "troupe/tests/actors/child_end.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/transport/node.h"

namespace troupe::test {
namespace {

// Of the child process that makes them: they are what exit() destroys.
std::unique_ptr<System> process_system;
std::unique_ptr<Node> process_node;

void StartAll(bool with_node) {
  process_system = StartSystem(2);
  if (!with_node) return;
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Start(*process_system, {.name = "node", .listen = "127.0.0.1:0"});
  if (!node.ok()) std::abort();
  process_node = *std::move(node);
}

struct End {
  std::string name;
  bool with_node;
  std::function<void()> run;
};

std::vector<End> Ends() {
  return {{"Exit", false, [] { std::exit(0); }},
          {"SystemReset", false, [] { process_system.reset(); }},
          {"SystemResetBesideANode", true, [] { process_system.reset(); }},
          {"NodeReset", true, [] { process_node.reset(); }},
          {"Run", false, [] { process_system->Run(); }},
          {"RunAfterShutdown", false, [] {
             process_system->Shutdown();
             process_system->Run();
           }}};
}

class EndsTest : public testing::TestWithParam<size_t> {
 protected:
  const End end_ = Ends()[GetParam()];
};

std::string NameOf(const testing::TestParamInfo<size_t>& info) { return Ends()[info.param].name; }

TEST_P(EndsTest, F128_InsideAHandlerItIsACheck) {
  const ChildEnd end = EndOfChild([this] {
    StartAll(end_.with_node);
    const Ref<ProbeActor> actor = process_system->Spawn<ProbeActor>(OnShard(1), Script{});
    Perform(actor, [this](ProbeActor&, Context&) { end_.run(); });
  });
  EXPECT_TRUE(end.CheckedWith({"handler", "shard"})) << end.ToString();
}

// Where a worker may do it, it works.
TEST_P(EndsTest, F128_InAWorkersHandlerItWorksOrIsACheck) {
  struct RunWorker : Worker {
    void On(WorkerContext&, const std::function<void()>& run) { run(); }
  };
  const ChildEnd end = EndOfChild([this] {
    StartAll(end_.with_node);
    const Ref<RunWorker> worker = process_system->SpawnWorkers<RunWorker>({});
    const std::unique_ptr<Event> done = process_system->runtime().platform().MakeEvent();
    worker.Send(std::function<void()>([&] {
      end_.run();
      done->Notify();
    }));
    done->WaitUntil(Instant::Infinite());
  });
  EXPECT_TRUE(end.exited_well() || end.CheckedWith({"handler", "worker"})) << end.ToString();
}

TEST_P(EndsTest, F128_InAForkedChildItIsACheck) {
  const ChildEnd end = EndOfChild([this] {
    StartAll(end_.with_node);
    const ChildEnd forked = EndOfChild([this] { end_.run(); });
    if (forked.CheckedWith({"fork"})) return;
    std::fprintf(stderr, "the forked child %s\n", forked.ToString().c_str());
    _exit(1);
  });
  EXPECT_TRUE(end.exited_well()) << end.ToString();
}

INSTANTIATE_TEST_SUITE_P(, EndsTest, testing::Range(size_t{0}, Ends().size()), NameOf);

// A forked child that leaves all alone, and ends as it should.
TEST(EndOrderTest, F128_AForkedChildMayLeave) {
  const ChildEnd end = EndOfChild([] {
    StartAll(/*with_node=*/true);
    const ChildEnd forked = EndOfChild([] { _exit(0); });
    if (!forked.exited_well()) _exit(1);
    process_node.reset();
    process_system.reset();
  });
  EXPECT_TRUE(end.exited_well()) << end.ToString();
}

TEST(EndOrderTest, F128_ANodeEndsBeforeItsSystem) {
  const ChildEnd end = EndOfChild([] {
    StartAll(/*with_node=*/true);
    process_system.reset();
    process_node.reset();
  });
  EXPECT_TRUE(end.CheckedWith({"node"})) << end.ToString();
}

// --- A worker that does not come back. ---

struct RunWorker : Worker {
  void On(WorkerContext&, const std::function<void()>& run) { run(); }
};

TEST(StuckWorkerTest, OnlyItsPoolIsNamed) {
  const ChildEnd end = EndOfChild([] {
    process_system = StartSystem(1, {.drain_timeout = absl::Milliseconds(10)});
    Platform& platform = process_system->runtime().platform();
    const std::unique_ptr<Event> began = platform.MakeEvent();
    const std::unique_ptr<Event> open = platform.MakeEvent();
    const Ref<RunWorker> workers = process_system->SpawnWorkers<RunWorker>({.name = "stays"});
    workers.Send(std::function<void()>([&] {
      began->Notify();
      open->WaitUntil(Instant::Infinite());
    }));
    began->WaitUntil(Instant::Infinite());
    process_system->Shutdown();
    if (process_system->Run() != 1) _exit(2);
    _exit(0);
  });
  EXPECT_TRUE(end.exited_well()) << end.ToString();
  EXPECT_NE(end.printed.find("the pool \"stays\" did not come back"), std::string::npos)
      << end.printed;
  EXPECT_EQ(end.printed.find("\"blocking\""), std::string::npos) << end.printed;
}

}  // namespace
}  // namespace troupe::test
