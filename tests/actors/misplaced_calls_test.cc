// Every call of the public surface, from every kind of thread: it works, or it is a CHECK with
// words; never a crash, never a hang.

#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
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
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/system.h"
#include "troupe/actors/worker.h"
#include "troupe/tests/actors/child_end.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/transport/node.h"

namespace troupe::test {
namespace {

struct RunWorker : Worker {
  void On(WorkerContext&, const std::function<void()>& run) { run(); }
};

// What the calls are made on, in the child process that makes it.
struct Subject {
  std::unique_ptr<System> system;
  std::unique_ptr<System> other_system;
  std::unique_ptr<Node> node;
  Ref<ProbeActor> actor;    // Answers.
  Ref<ProbeActor> waiting;  // In a handler, whose Context this is.
  ProbeActor* self = nullptr;
  Context* cx = nullptr;

  Probe::Ref probe() const { return Probe::Ref(actor); }
};
using Run = std::function<void(Subject&)>;

// --- Places. ---

enum class Place {
  kMain,
  kHandler,
  kOffload,
  kWorker,
  kOtherSystemsShard,
  kAfterRun,
  kAfterTheEnd,
};

struct NamedPlace {
  Place place;
  std::string name;
};

std::vector<NamedPlace> Places() {
  return {{Place::kMain, "FromMain"},
          {Place::kHandler, "InAHandler"},
          {Place::kOffload, "InOffload"},
          {Place::kWorker, "OnAWorker"},
          {Place::kOtherSystemsShard, "OnAnotherSystemsShard"},
          {Place::kAfterRun, "AfterRun"},
          {Place::kAfterTheEnd, "AfterTheEnd"}};
}

// A coroutine that keeps its handler's Context in sight.
Reply<void> WaitInHandler(Subject& s, Event& ready, ProbeActor& self, Context& cx) {
  s.self = &self;
  s.cx = &cx;
  ready.Notify();
  co_await cx.Sleep(absl::Hours(1));
  co_return absl::OkStatus();
}

void Begin(Subject& s, bool with_node) {
  s.system = StartSystem(2);
  s.other_system = StartSystem(1);
  if (with_node) {
    absl::StatusOr<std::unique_ptr<Node>> node =
        Node::Start(*s.system, {.name = "node", .listen = "127.0.0.1:0"});
    if (!node.ok()) std::abort();
    s.node = *std::move(node);
  }
  const auto echo = [](Context&, const Number& n) -> Reply<Number> { return n; };
  s.actor = s.system->Spawn<ProbeActor>(
      OnShard(1), Script{.ask = echo,
                         .mix = echo,
                         .count = [](Context&, const Number&, Sink<Number> out) -> Reply<void> {
                           (co_await out.Write(Num(1))).IgnoreError();
                           co_return absl::OkStatus();
                         },
                         .tick = [](Context&, const Tick&) {}});
  s.waiting = s.system->Spawn<ProbeActor>(OnShard(0), Script{.tick = [](Context&, const Tick&) {},
                                                             .down = [](Context&, const Down&) {}});
  const std::unique_ptr<Event> ready = s.system->runtime().platform().MakeEvent();
  s.waiting.Send(
      Do{[&](ProbeActor& self, Context& cx) { return WaitInHandler(s, *ready, self, cx); }});
  ready->WaitUntil(Instant::Infinite());
  Settle(s.actor);
}

// Runs `run` where `place` says, and returns when it has returned.
void RunAt(Place place, Subject& s, const Run& run) {
  const std::unique_ptr<Platform> platform = MakePosixPlatform();
  const std::unique_ptr<Event> done = platform->MakeEvent();
  const auto run_and_notify = [&] {
    run(s);
    done->Notify();
  };
  switch (place) {
    case Place::kMain:
      return run(s);
    case Place::kHandler:
      return Perform(s.actor, [&](ProbeActor&, Context&) { run(s); });
    case Place::kOffload:
      s.actor.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
        co_return co_await cx.Offload([&] { run_and_notify(); });
      }});
      break;
    case Place::kWorker:
      s.system->SpawnWorkers<RunWorker>({}).Send(std::function<void()>(run_and_notify));
      break;
    case Place::kOtherSystemsShard:
      return Perform(s.other_system->Spawn<ProbeActor>({}, Script{}),
                     [&](ProbeActor&, Context&) { run(s); });
    case Place::kAfterRun:
      s.node.reset();
      s.system->Shutdown();
      s.system->Run();
      return run(s);
    case Place::kAfterTheEnd:
      s.node.reset();
      s.system.reset();
      return run(s);
  }
  done->WaitUntil(Instant::Infinite());
}

// --- Calls. ---

struct NamedCall {
  std::string name;
  Run run;
};

Reply<void> AwaitACall(Probe::Ref probe) {
  const absl::StatusOr<Number> reply = co_await probe.Ask(Num(1));
  co_return reply.status();
}
Reply<void> AwaitAnItem(Probe::Ref probe) {
  Stream<Number> stream = probe.Count(Num(1));
  co_return (co_await stream.Next()).status();
}
Reply<void> AwaitAll(Probe::Ref probe) {
  const auto [a, b] = co_await All(probe.Ask(Num(1)), probe.Ask(Num(2)));
  co_return a.status();
}

// With a handle.
std::vector<NamedCall> HandleCalls() {
  return {
      {"Send", [](Subject& s) { s.actor.Send(Tick{}); }},
      {"SendOneWay", [](Subject& s) { s.probe().Tell(Num(1)); }},
      {"CallUnsent", [](Subject& s) { auto unsent = s.probe().Ask(Num(1)); }},
      {"CallStart", [](Subject& s) { auto pending = s.probe().Ask(Num(1)).Start(); }},
      {"CallWait", [](Subject& s) { s.probe().Ask(Num(1)).Wait().IgnoreError(); }},
      {"CallAwait", [](Subject& s) { auto reply = AwaitACall(s.probe()); }},
      {"All", [](Subject& s) { auto all = All(s.probe().Ask(Num(1)), s.probe().Ask(Num(2))); }},
      {"AllAwait", [](Subject& s) { auto reply = AwaitAll(s.probe()); }},
      {"StreamUnsent", [](Subject& s) { auto unsent = s.probe().Count(Num(1)); }},
      {"StreamStart", [](Subject& s) { auto stream = s.probe().Count(Num(1)).Start(); }},
      {"StreamNext",
       [](Subject& s) {
         auto stream = s.probe().Count(Num(1));
         auto next = stream.Next();
       }},
      {"StreamAwait", [](Subject& s) { auto reply = AwaitAnItem(s.probe()); }},
  };
}

std::vector<NamedCall> SystemCalls() {
  return {
      {"SystemSpawn", [](Subject& s) { s.system->Spawn<ProbeActor>({}, Script{}); }},
      {"SystemSpawnOnce", [](Subject& s) { s.system->SpawnOnce<ProbeActor>({}, Script{}); }},
      {"SystemTrySpawn",
       [](Subject& s) { s.system->TrySpawn<ProbeActor>({}, Script{}).IgnoreError(); }},
      {"SystemSpawnWorkers", [](Subject& s) { s.system->SpawnWorkers<RunWorker>({}); }},
      {"SystemStop", [](Subject& s) { s.system->Stop(s.waiting); }},
      {"SystemFind", [](Subject& s) { s.system->Find<Probe>("nobody"); }},
      {"SystemFindAny", [](Subject& s) { s.system->FindAny("nobody"); }},
      {"SystemCounters", [](Subject& s) { s.system->Counters(); }},
      {"SystemShutdown", [](Subject& s) { s.system->Shutdown(); }},
      {"SystemStartAnother", [](Subject&) { System::Start({.shards = 1}).IgnoreError(); }},
  };
}

std::vector<NamedCall> NodeCalls() {
  return {
      {"NodeCounters", [](Subject& s) { s.node->Counters(); }},
      {"NodeExport", [](Subject& s) { s.node->Export("actor", s.actor).IgnoreError(); }},
      {"NodeUnexport", [](Subject& s) { s.node->Unexport("actor"); }},
      {"NodeAddress", [](Subject& s) { s.node->address().ToString(); }},
      {"NodeLookupUnsent",
       [](Subject& s) { auto unsent = s.node->Lookup<Probe>("troupe://127.0.0.1:1/x"); }},
      {"NodeLookupStart",
       [](Subject& s) { auto pending = s.node->Lookup<Probe>("troupe://127.0.0.1:1/x").Start(); }},
      {"NodeLookupWait",
       [](Subject& s) {
         s.node->Lookup<Probe>("troupe://127.0.0.1:1/x")
             .Within(absl::Milliseconds(100))
             .Wait()
             .IgnoreError();
       }},
      {"NodeStartAnother",
       [](Subject& s) { Node::Start(*s.system, {.name = "second"}).IgnoreError(); }},
  };
}

// With the Context of a handler that waits, on another thread than its own.
std::vector<NamedCall> ContextCalls() {
  return {
      {"Self", [](Subject& s) { s.cx->Self(s.self); }},
      {"self", [](Subject& s) { s.cx->self(); }},
      {"sender", [](Subject& s) { s.cx->sender(); }},
      {"Now", [](Subject& s) { s.cx->Now(); }},
      {"WallNow", [](Subject& s) { s.cx->WallNow(); }},
      {"random", [](Subject& s) { s.cx->random().Next(); }},
      {"Remaining", [](Subject& s) { s.cx->Remaining(); }},
      {"cancelled", [](Subject& s) { s.cx->cancelled(); }},
      {"missed", [](Subject& s) { s.cx->missed(); }},
      {"Spawn", [](Subject& s) { s.cx->Spawn<ProbeActor>({}, Script{}); }},
      {"SpawnOnce", [](Subject& s) { s.cx->SpawnOnce<ProbeActor>({}, Script{}); }},
      {"TrySpawn", [](Subject& s) { s.cx->TrySpawn<ProbeActor>({}, Script{}).IgnoreError(); }},
      {"SpawnWorkers", [](Subject& s) { s.cx->SpawnWorkers<RunWorker>({}); }},
      {"Stop", [](Subject& s) { s.cx->Stop(); }},
      {"StopAnother", [](Subject& s) { s.cx->Stop(s.actor); }},
      {"Find", [](Subject& s) { s.cx->Find<Probe>("nobody"); }},
      {"FindAny", [](Subject& s) { s.cx->FindAny("nobody"); }},
      {"After", [](Subject& s) { s.cx->After(s.self, absl::Hours(1), Tick{}); }},
      {"Every", [](Subject& s) { s.cx->Every(s.self, absl::Hours(1), Tick{}); }},
      {"Cancel", [](Subject& s) { s.cx->Cancel(TimerId(1)); }},
      {"Watch", [](Subject& s) { s.cx->Watch(s.self, STDIN_FILENO, kReadable); }},
      {"Unwatch", [](Subject& s) { s.cx->Unwatch(FdWatchId(1)); }},
      {"Monitor", [](Subject& s) { s.cx->Monitor(s.self, s.actor); }},
      {"Demonitor", [](Subject& s) { s.cx->Demonitor(MonitorId(1)); }},
      {"Subscribe", [](Subject& s) { s.cx->Subscribe(s.self, SIGHUP); }},
      {"Unsubscribe", [](Subject& s) { s.cx->Unsubscribe(SubscriptionId(1)); }},
      {"Exec", [](Subject& s) { s.cx->Exec(s.self, {.argv = {"/bin/true"}}).IgnoreError(); }},
      {"SignalChild", [](Subject& s) { s.cx->SignalChild(ChildId(1), SIGTERM).IgnoreError(); }},
      {"WriteChild", [](Subject& s) { s.cx->WriteChild(ChildId(1), "x").IgnoreError(); }},
      {"CloseChildInput", [](Subject& s) { s.cx->CloseChildInput(ChildId(1)).IgnoreError(); }},
      {"Sleep", [](Subject& s) { auto sleeper = s.cx->Sleep(absl::Hours(1)); }},
      {"Offload", [](Subject& s) { auto offload = s.cx->Offload([] {}); }},
  };
}

// --- The table. ---

struct Case {
  NamedPlace place;
  NamedCall call;
  bool with_node;
  bool must_check;
};

// What only reads, or does nothing before it is awaited.
bool IsHarmless(const std::string& name) {
  for (const char* const each : {"Self", "self", "sender", "Now", "WallNow", "Remaining",
                                 "cancelled", "missed", "Find", "FindAny", "Sleep", "Offload"}) {
    if (name == each) return true;
  }
  return false;
}

bool Applies(const NamedPlace& place, const std::string& kind) {
  // A Context on its own shard is at home; a System or Node that is gone has no members.
  if (kind == "Context") {
    return place.place != Place::kHandler && place.place < Place::kAfterRun;
  }
  if (kind == "System") return place.place != Place::kAfterTheEnd;
  if (kind == "Node") return place.place < Place::kAfterRun;
  return true;
}

std::vector<Case> Cases() {
  const std::vector<std::pair<std::string, std::vector<NamedCall>>> kinds = {
      {"Handle", HandleCalls()},
      {"System", SystemCalls()},
      {"Node", NodeCalls()},
      {"Context", ContextCalls()},
  };
  std::vector<Case> cases;
  for (const NamedPlace& place : Places()) {
    for (const auto& [kind, calls] : kinds) {
      if (!Applies(place, kind)) continue;
      for (const NamedCall& call : calls) {
        // It would have its effect in the other system.
        const bool must_check =
            kind == "Context" && place.place == Place::kOtherSystemsShard && !IsHarmless(call.name);
        cases.push_back({place, {kind + "_" + call.name, call.run}, kind == "Node", must_check});
      }
    }
  }
  return cases;
}

class MisplacedCallTest : public testing::TestWithParam<size_t> {};

TEST_P(MisplacedCallTest, F129_WorksOrIsACheckWithWords) {
  const Case c = Cases()[GetParam()];
  const ChildEnd end = EndOfChild([&c] {
    Subject subject;
    Begin(subject, c.with_node);
    RunAt(c.place.place, subject, c.call.run);
    // What it did does no harm later.
    subject.node.reset();
    subject.system.reset();
    subject.other_system.reset();
  });
  EXPECT_TRUE((end.exited_well() && !c.must_check) || end.checked())
      << c.call.name << " " << c.place.name << " " << end.ToString();
}

INSTANTIATE_TEST_SUITE_P(, MisplacedCallTest, testing::Range(size_t{0}, Cases().size()),
                         [](const testing::TestParamInfo<size_t>& info) {
                           const Case c = Cases()[info.param];
                           return c.call.name + "_" + c.place.name;
                         });

}  // namespace
}  // namespace troupe::test
