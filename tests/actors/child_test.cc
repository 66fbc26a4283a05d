// Child processes as messages.

#include <signal.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
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

INSTANTIATE_TEST_SUITE_P(Shards, ChildTest, testing::Values(1, 2));

}  // namespace
}  // namespace troupe::test
