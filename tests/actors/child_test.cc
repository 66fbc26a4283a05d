// Child processes as messages.

#include "troupe/actors/child.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/actors/system.h"
#include "troupe/loop/child_process.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/waiter.h"

namespace troupe::test {
namespace {

ChildOptions Shell(std::string script) { return {.argv = {"/bin/sh", "-c", std::move(script)}}; }

class ChildTest : public testing::TestWithParam<int> {
 protected:
  ChildTest() : system_(StartSystem(GetParam())) {}
  ~ChildTest() override { End(); }
  // Before what the actors' scripts refer to goes.
  void End() { system_.reset(); }
  int last() const { return GetParam() - 1; }
  Ref<ProbeActor> Spawn(int shard, Script script) {
    return system_->Spawn<ProbeActor>(OnShard(shard), std::move(script));
  }

  std::unique_ptr<System> system_;
};

// What an actor is told of its children, in order.
struct Told {
  Script script() {
    return {.output =
                [this](Context&, const ChildOutput& output) {
                  EXPECT_TRUE(exits.Now().empty()) << "output after the exit";
                  (output.is_stderr ? errors : outputs) += output.bytes;
                },
            .exited = [this](Context&, const ChildExited& exited) { exits.Add(exited); }};
  }

  std::string outputs;  // The actor's, until its child has ended.
  std::string errors;
  Collected<ChildExited> exits;
};

ChildId Exec(const Ref<ProbeActor>& actor, const ChildOptions& options) {
  absl::StatusOr<ChildId> child = absl::UnknownError("not tried");
  Perform(actor, [&](ProbeActor& self, Context& cx) { child = cx.Exec(&self, options); });
  EXPECT_TRUE(child.ok()) << child.status();
  return child.ok() ? *child : ChildId();
}

TEST_P(ChildTest, AChildsOutputComesBeforeItsExitCode) {
  Told told;
  const Ref<ProbeActor> actor = Spawn(last(), told.script());
  const ChildId child = Exec(actor, Shell("echo out; echo err >&2; exit 3"));
  const ChildExited exited = told.exits.Wait(1)[0];
  EXPECT_EQ(exited.child, child);
  EXPECT_GT(exited.pid, 0);
  EXPECT_EQ(exited.status.exit_code, 3);
  EXPECT_EQ(exited.status.signal, 0);
  EXPECT_EQ(told.outputs, "out\n");
  EXPECT_EQ(told.errors, "err\n");
}

TEST_P(ChildTest, ASignalEndsAChildAndIsToldAsSuch) {
  Told told;
  const Ref<ProbeActor> actor = Spawn(0, told.script());
  const Ref<ProbeActor> other = Spawn(last(), Script{});
  const ChildId child = Exec(actor, {.argv = {"/bin/cat"}, .pipe_input = true});
  Perform(other, [&](ProbeActor&, Context& cx) {
    EXPECT_EQ(cx.SignalChild(child, SIGKILL).code(), absl::StatusCode::kNotFound);
  });
  Perform(actor,
          [&](ProbeActor&, Context& cx) { EXPECT_TRUE(cx.SignalChild(child, SIGTERM).ok()); });
  const ChildStatus status = told.exits.Wait(1)[0].status;
  EXPECT_EQ(status.signal, SIGTERM);
  EXPECT_EQ(status.exit_code, -1);
  Perform(actor, [&](ProbeActor&, Context& cx) {
    EXPECT_EQ(cx.SignalChild(child, SIGTERM).code(), absl::StatusCode::kNotFound);
  });
}

TEST_P(ChildTest, AChildReadsWhatItIsWrittenUntilTheClose) {
  Told told;
  const Ref<ProbeActor> actor = Spawn(last(), told.script());
  const ChildId child = Exec(actor, {.argv = {"/bin/cat"}, .pipe_input = true});
  Perform(actor, [&](ProbeActor&, Context& cx) {
    EXPECT_TRUE(cx.WriteChild(child, "some ").ok());
    EXPECT_TRUE(cx.WriteChild(child, "text").ok());
    EXPECT_TRUE(cx.CloseChildInput(child).ok());
    EXPECT_EQ(cx.WriteChild(child, "more").code(), absl::StatusCode::kUnavailable);
  });
  EXPECT_EQ(told.exits.Wait(1)[0].status.exit_code, 0);
  EXPECT_EQ(told.outputs, "some text");
  Perform(actor, [&](ProbeActor&, Context& cx) {
    EXPECT_EQ(cx.WriteChild(child, "more").code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(cx.CloseChildInput(child).code(), absl::StatusCode::kNotFound);
  });
}

TEST_P(ChildTest, F94_ManyChildrenEachEndExactlyOnce) {
  constexpr size_t kMany = 40;
  Told told;
  const Ref<ProbeActor> actor = Spawn(last(), told.script());
  std::vector<ChildId> children;
  for (size_t i = 0; i < kMany; ++i) children.push_back(Exec(actor, {.argv = {"/bin/true"}}));
  std::vector<ChildId> ended;
  for (const ChildExited& exited : told.exits.Wait(kMany)) {
    EXPECT_EQ(exited.status.exit_code, 0);
    ended.push_back(exited.child);
  }
  Settle(actor);
  EXPECT_EQ(told.exits.Now().size(), kMany);
  EXPECT_THAT(ended, testing::UnorderedElementsAreArray(children));
}

TEST_P(ChildTest, F96_AFailureToExecIsAStatusAndNoEvent) {
  Told told;
  const Ref<ProbeActor> actor = Spawn(last(), told.script());
  const std::pair<ChildOptions, absl::StatusCode> cases[] = {
      {{.argv = {"/nonexistent/program"}}, absl::StatusCode::kNotFound},
      {{.argv = {"no such name"}}, absl::StatusCode::kNotFound},
      {{.argv = {"/dev/null"}}, absl::StatusCode::kPermissionDenied},
      {{.argv = {"/bin/true"}, .directory = "/nonexistent"}, absl::StatusCode::kNotFound},
  };
  for (const auto& [options, code] : cases) {
    Perform(actor, [&](ProbeActor& self, Context& cx) {
      EXPECT_EQ(cx.Exec(&self, options).status().code(), code) << options.argv[0];
    });
  }
  Exec(actor, {.argv = {"/bin/true"}});
  told.exits.Wait(1);
  Settle(actor);
  EXPECT_EQ(told.exits.Now().size(), 1u);
}

TEST_P(ChildTest, AChildIsKilledWhenItsActorEnds) {
  Collected<int> pids;
  const Ref<ProbeActor> actor =
      Spawn(last(), Script{.output = [&](Context&, const ChildOutput& output) {
              pids.Add(std::stoi(output.bytes));
            }});
  // It ignores what a polite end sends.
  Exec(actor,
       {.argv = {"/bin/sh", "-c", "trap '' TERM HUP; echo $$; read wait"}, .pipe_input = true});
  const int pid = pids.Wait(1)[0];
  EXPECT_EQ(kill(pid, 0), 0);
  StopAndWait(actor);
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST_P(ChildTest, F98_TheNextOutputWaitsForTheHandlerOfTheLast) {
  Collected<size_t> waiting;
  const Ref<Waiter> actor =
      system_->Spawn<Waiter>(OnShard(last()), [&](Waiter&, Context& cx) -> Reply<void> {
        for (int i = 0; i < 10; ++i) co_await cx.Sleep(absl::Microseconds(200));
        waiting.Add(Waiting());
        if (waiting.Now().size() == 3) cx.Stop();
        co_return absl::OkStatus();
      });
  actor.Send(WaiterDo(
      [](Waiter& self, Context& cx) { EXPECT_TRUE(cx.Exec(&self, {.argv = {"yes"}}).ok()); }));
  EXPECT_EQ(waiting.Wait(3), (std::vector<size_t>{0, 0, 0}));
  End();
}

// As the kernel names it; empty once the process is reaped.
std::string StateOf(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  stat >> number >> name >> state;
  return state;
}
// Whether the process runs no more, reaped or not.
bool IsGone(int pid) {
  const std::string state = StateOf(pid);
  return state.empty() || state == "Z" || state == "X";
}
bool IsStopped(int pid) { return StateOf(pid) == "T"; }

bool Soon(bool (*is)(int pid), int pid) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!is(pid) && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  return is(pid);
}
bool IsGoneSoon(int pid) { return Soon(&IsGone, pid); }

// Sends TERM to a child and waits for its end, but not for ever.
Reply<void> EndPolitely(Context& cx, ChildId child, Collected<bool>& ended) {
  EXPECT_TRUE(cx.SignalChild(child, SIGTERM).ok()) << "alive when OnStop begins";
  for (int i = 0; i < 2000 && cx.SignalChild(child, 0).ok(); ++i) {
    co_await cx.Sleep(absl::Milliseconds(1));
  }
  ended.Add(!cx.SignalChild(child, 0).ok());
  co_return absl::OkStatus();
}

TEST_P(ChildTest, F131_ExecGivesThePidOfTheGroup) {
  Told told;
  const Ref<ProbeActor> actor = Spawn(last(), told.script());
  Child child;
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    child = cx.Exec(&self, {.argv = {"/bin/cat"}, .pipe_input = true}).value_or(Child());
  });
  ASSERT_GT(child.pid, 0);
  EXPECT_EQ(getpgid(child.pid), child.pid);
  Perform(actor, [&](ProbeActor&, Context& cx) { EXPECT_TRUE(cx.CloseChildInput(child).ok()); });
  EXPECT_EQ(told.exits.Wait(1)[0].pid, child.pid);
}

TEST_P(ChildTest, F131_AChildLivesUntilOnStopIsOver) {
  Collected<bool> ended;
  Collected<int> pids;
  ChildId child;
  const Ref<ProbeActor> actor = Spawn(
      last(),
      Script{.stop = [&](Context& cx, StopReason) { return EndPolitely(cx, child, ended); },
             .output = [&](Context&, const ChildOutput& o) { pids.Add(std::stoi(o.bytes)); }});
  child = Exec(actor, Shell("trap 'exit 0' TERM; echo $$; while :; do sleep 0.01; done"));
  pids.Wait(1);
  StopAndWait(actor);
  EXPECT_EQ(ended.Wait(1), std::vector<bool>{true});
  End();
}

TEST_P(ChildTest, F131_AGroupThatIgnoresTermIsKilledAfterOnStop) {
  Collected<int> pids;
  ChildId child;
  Collected<bool> alive;
  const Ref<ProbeActor> actor = Spawn(
      last(),
      Script{.stop = [&](Context& cx, StopReason) -> Reply<void> {
               EXPECT_TRUE(cx.SignalChild(child, SIGTERM).ok());
               alive.Add(cx.SignalChild(child, 0).ok());
               return absl::OkStatus();
             },
             .output = [&](Context&, const ChildOutput& o) { pids.Add(std::stoi(o.bytes)); }});
  child = Exec(actor, Shell("trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000"));
  const int grandchild = pids.Wait(1)[0];
  StopAndWait(actor);
  EXPECT_EQ(alive.Wait(1), std::vector<bool>{true});
  EXPECT_TRUE(IsGoneSoon(grandchild));
  End();
}

TEST_P(ChildTest, F131_AGroupIsKilledWhenItsActorFails) {
  Collected<int> pids;
  const Ref<ProbeActor> actor =
      Spawn(last(), Script{.output = [&](Context&, const ChildOutput& output) {
              pids.Add(std::stoi(output.bytes));
            }});
  const ChildId child = Exec(actor, Shell("trap '' TERM; sleep 1000 & echo $!; wait"));
  EXPECT_TRUE(child);
  const int grandchild = pids.Wait(1)[0];
  EXPECT_FALSE(IsGone(grandchild));
  actor.Send(
      Do{[](ProbeActor&, Context&) -> Reply<void> { throw std::runtime_error("as planned"); }});
  EXPECT_TRUE(IsGoneSoon(grandchild));
  End();
}

TEST_P(ChildTest, F131_RoomForInputIsAMessage) {
  Collected<ChildId> rooms;
  Told told;
  Script script = told.script();
  script.input_room = [&](Context&, const ChildInputRoom& room) { rooms.Add(room.child); };
  const Ref<ProbeActor> actor = Spawn(last(), std::move(script));
  const ChildId child =
      Exec(actor, {.argv = {"/bin/sh", "-c", "read go; exec cat >/dev/null"}, .pipe_input = true});
  Perform(actor, [&](ProbeActor&, Context& cx) {
    const std::string block(8192, 'x');
    absl::Status status;
    while (status.ok()) status = cx.WriteChild(child, block);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  });
  EXPECT_EQ(rooms.Wait(1), std::vector<ChildId>{child});
  Perform(actor, [&](ProbeActor&, Context& cx) {
    EXPECT_TRUE(cx.WriteChild(child, std::string(8192, 'x')).ok());
    EXPECT_TRUE(cx.WriteChild(child, "\n").ok());
    EXPECT_TRUE(cx.CloseChildInput(child).ok());
  });
  told.exits.Wait(1);
  EXPECT_EQ(rooms.Now().size(), 1u);
  End();
}

Reply<void> WriteAll(Context& cx, ChildId child, size_t bytes, Collected<absl::Status>& outcomes) {
  outcomes.Add(co_await cx.WriteChildAll(child, std::string(bytes, 'x')));
  cx.CloseChildInput(child).IgnoreError();
  co_return absl::OkStatus();
}

TEST_P(ChildTest, F131_AnAwaitWritesAllOfALongInput) {
  Collected<absl::Status> outcomes;
  Told told;
  const Ref<ProbeActor> actor = Spawn(last(), told.script());
  const ChildId child = Exec(actor, {.argv = {"wc", "-c"}, .pipe_input = true});
  actor.Send(Do{[&](ProbeActor&, Context& cx) { return WriteAll(cx, child, 1 << 20, outcomes); }});
  EXPECT_TRUE(outcomes.Wait(1)[0].ok());
  told.exits.Wait(1);
  EXPECT_EQ(told.outputs, "1048576\n");
  End();
}

TEST_P(ChildTest, F131_NothingComesBetweenThePiecesOfAnAwait) {
  Collected<absl::Status> outcomes;
  Collected<absl::Status> between;
  Collected<ChildId> rooms;
  Told told;
  Script script = told.script();
  script.input_room = [&](Context& cx, const ChildInputRoom& room) {
    between.Add(cx.WriteChild(room.child, "y"));
    cx.CloseChildInput(room.child).IgnoreError();
    rooms.Add(room.child);
  };
  const Ref<ProbeActor> actor = Spawn(last(), std::move(script));
  Child child;
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    child =
        cx.Exec(&self, {.argv = {"/bin/sh", "-c", "kill -STOP $$; tr -d '\\n' | tail -c 3; echo"},
                        .pipe_input = true})
            .value_or(Child());
  });
  ASSERT_TRUE(Soon(&IsStopped, child.pid));
  actor.Send(Do{[&](ProbeActor& self, Context& cx) -> Reply<void> {
    // Beside it, since the handler that awaits holds its actor.
    const auto write = [](Context& cx, ChildId child,
                          Collected<absl::Status>& outcomes) -> Reply<void> {
      outcomes.Add(co_await cx.WriteChildAll(child, std::string(1 << 20, 'x')));
      co_return absl::OkStatus();
    };
    Reply<void> all = write(cx, child, outcomes);
    EXPECT_FALSE(all.done());
    between.Add(cx.WriteChild(child, "y"));
    EXPECT_TRUE(cx.SignalChild(child, SIGCONT).ok());
    co_return co_await all;
  }});
  EXPECT_TRUE(outcomes.Wait(1)[0].ok());
  EXPECT_EQ(rooms.Wait(1), std::vector<ChildId>{child.id});
  told.exits.Wait(1);
  EXPECT_EQ(between.Now()[0].code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(between.Now()[1].ok()) << between.Now()[1];
  EXPECT_EQ(told.outputs, "xxy\n");
  End();
}

TEST_P(ChildTest, F131_WhatAChildWritesWhileItsActorStopsDoesNotHoldItUp) {
  Collected<bool> ended;
  Collected<int> outputs;
  ChildId child;
  const Ref<ProbeActor> actor = Spawn(
      last(), Script{.stop = [&](Context& cx, StopReason) { return EndPolitely(cx, child, ended); },
                     .output = [&](Context&, const ChildOutput&) { outputs.Add(1); }});
  // More than the pipe holds, before it ends.
  child = Exec(actor, Shell("trap 'head -c 1000000 /dev/zero; exit 0' TERM; echo ready; "
                            "while :; do sleep 0.01; done"));
  outputs.Wait(1);
  StopAndWait(actor);
  EXPECT_EQ(ended.Wait(1), std::vector<bool>{true});
  End();
}

TEST_P(ChildTest, F131_WhatAChildOfOnStopWritesDoesNotHoldItUp) {
  Collected<bool> ended;
  const Ref<Waiter> actor = system_->Spawn<Waiter>(
      OnShard(last()), [](Waiter&, Context&) -> Reply<void> { return absl::OkStatus(); },
      [&](Waiter& self, Context& cx) -> Reply<void> {
        const auto child = cx.Exec(&self, Shell("head -c 1000000 /dev/zero"));
        EXPECT_TRUE(child.ok()) << child.status();
        for (int i = 0; i < 2000 && cx.SignalChild(*child, 0).ok(); ++i) {
          co_await cx.Sleep(absl::Milliseconds(1));
        }
        ended.Add(!cx.SignalChild(*child, 0).ok());
        co_return absl::OkStatus();
      });
  Collected<bool> started;
  actor.Send(WaiterDo([&](Waiter&, Context&) { started.Add(true); }));
  started.Wait(1);
  StopAndWait(actor);
  EXPECT_EQ(ended.Wait(1), std::vector<bool>{true});
  End();
}

TEST_P(ChildTest, F131_AnAwaitOfAChildThatEndsIsUnavailable) {
  Collected<absl::Status> outcomes;
  Told told;
  const Ref<ProbeActor> actor = Spawn(last(), told.script());
  const ChildId child =
      Exec(actor, {.argv = {"/bin/sh", "-c", "read go; exit 5"}, .pipe_input = true});
  actor.Send(Do{[&](ProbeActor&, Context& cx) -> Reply<void> {
    EXPECT_TRUE(cx.WriteChild(child, "go\n").ok());
    return WriteAll(cx, child, 1 << 20, outcomes);
  }});
  EXPECT_EQ(outcomes.Wait(1)[0].code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(told.exits.Wait(1)[0].status.exit_code, 5);
  End();
}

TEST_P(ChildTest, F131_AnAwaitThatWaitsWhenItsActorEndsIsCancelled) {
  Collected<absl::Status> outcomes;
  Told told;
  const Ref<ProbeActor> actor = Spawn(last(), told.script());
  const ChildId child = Exec(actor, {.argv = {"/bin/sleep", "1000"}, .pipe_input = true});
  actor.Send(Do{[&](ProbeActor&, Context& cx) { return WriteAll(cx, child, 1 << 20, outcomes); }});
  StopAndWait(actor);
  for (const absl::Status& outcome : outcomes.Now()) {
    EXPECT_EQ(outcome.code(), absl::StatusCode::kCancelled);
  }
  End();
}

INSTANTIATE_TEST_SUITE_P(Shards, ChildTest, testing::Values(1, 2));

}  // namespace
}  // namespace troupe::test
