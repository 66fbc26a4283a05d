// Simulated programs that read, write and hear signals while they run.

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/actors/system.h"
#include "troupe/base/clock.h"
#include "troupe/base/instant.h"
#include "troupe/base/limits.h"
#include "troupe/base/text.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/poller.h"
#include "troupe/sim/sim_process.h"
#include "troupe/sim/sim_streaming_program.h"
#include "troupe/sim/test_simulation.h"

namespace troupe {
namespace {

constexpr size_t kPipeBytes = 64 << 10;

// What a program does, as far as a test needs it.
struct Script {
  std::function<void(SimProcess&)> start = {};
  std::function<void(SimProcess&, std::string_view)> input = {};
  std::function<void(SimProcess&)> input_end = {};
  std::function<bool(SimProcess&, int)> signal = {};
  std::function<void()> destroyed = {};
};

class ScriptedProgram final : public SimStreamingProgram {
 public:
  explicit ScriptedProgram(Script script) : script_(std::move(script)) {}
  ~ScriptedProgram() override {
    if (script_.destroyed) script_.destroyed();
  }

  void OnStart(SimProcess& process) override {
    if (script_.start) script_.start(process);
  }
  void OnInput(SimProcess& process, std::string_view bytes) override {
    if (script_.input) script_.input(process, bytes);
  }
  void OnInputEnd(SimProcess& process) override {
    if (script_.input_end) script_.input_end(process);
  }
  bool OnSignal(SimProcess& process, int signal) override {
    return script_.signal && script_.signal(process, signal);
  }

 private:
  const Script script_;
};

SimStreamingProgramMaker MakerOf(const Script& script) {
  return [script] { return std::make_unique<ScriptedProgram>(script); };
}

// What a parent hears.
class Parent final : public ChildHandler {
 public:
  void OnChildOutput(bool is_stderr, std::string_view bytes) override {
    EXPECT_TRUE(exits.empty()) << "output after the exit";
    (is_stderr ? errors : output).append(bytes);
    ++pieces;
    if (on_output) on_output();
  }
  void OnChildExited(const ChildStatus& status) override {
    exits.push_back(status.signal > 0 ? absl::StrCat("signal ", status.signal)
                                      : absl::StrCat("exit ", status.exit_code));
    if (on_exit) on_exit();
  }
  void OnChildInputRoom() override {
    ++rooms;
    if (on_room) on_room();
  }

  std::string output;
  std::string errors;
  std::vector<std::string> exits;
  int pieces = 0;
  int rooms = 0;
  std::function<void()> on_output;
  std::function<void()> on_exit;
  std::function<void()> on_room;
};

using Exits = std::vector<std::string>;

// One child of the test's own, without actors.
class SimChildTest : public testing::Test {
 protected:
  ~SimChildTest() override { child_.reset(); }

  void Start(const Script& script, bool pipe_input = false) {
    simulation_.AddStreamingProgram("/bin/scripted", MakerOf(script));
    const ChildOptions options = {.argv = {"/bin/scripted"}, .pipe_input = pipe_input};
    auto child = platform_.SpawnChild(*poller_, options, limits_, &parent_);
    ASSERT_TRUE(child.ok()) << child.status();
    child_ = *std::move(child);
  }
  void RunFor(absl::Duration time) {
    Clock& clock = platform_.clock();
    const Instant end = clock.Now() + time;
    while (clock.Now() < end) poller_->Poll(clock.Now(), end);
    poller_->Poll(clock.Now(), {});
  }

  Limits limits_;
  Parent parent_;
  TestSimulation simulation_;
  Platform& platform_ = simulation_.AddNode("a");
  std::unique_ptr<Poller> poller_ = *platform_.MakePoller(limits_);
  std::unique_ptr<ChildProcess> child_;
};

// --- Output and input. ---

TEST_F(SimChildTest, AProgramAnswersWhileItsInputIsOpen) {
  Start({.input =
             [](SimProcess& process, std::string_view bytes) {
               process.Write(absl::AsciiStrToUpper(AbslView(bytes)));
             },
         .input_end = [](SimProcess& process) { process.Exit(4); }},
        /*pipe_input=*/true);
  for (const char* const line : {"one\n", "two\n"}) {
    EXPECT_TRUE(child_->WriteInput(line).ok());
    RunFor(absl::Milliseconds(1));
    EXPECT_TRUE(absl::EndsWithIgnoreCase(parent_.output, line)) << parent_.output;
  }
  RunFor(absl::Hours(1));
  EXPECT_EQ(parent_.exits, Exits{});
  child_->CloseInput();
  RunFor(absl::Milliseconds(1));
  EXPECT_EQ(parent_.output, "ONE\nTWO\n");
  EXPECT_EQ(parent_.exits, Exits{"exit 4"});
}

TEST_F(SimChildTest, WithoutAPipeTheInputEndsAtOnce) {
  Start({.start = [](SimProcess& process) { process.Write("started, "); },
         .input_end =
             [](SimProcess& process) {
               process.Write("no input");
               process.WriteError("!");
               process.Exit(0);
             }});
  EXPECT_EQ(child_->WriteInput("x").code(), absl::StatusCode::kFailedPrecondition);
  RunFor(absl::Milliseconds(1));
  EXPECT_EQ(parent_.output, "started, no input");
  EXPECT_EQ(parent_.errors, "!");
  EXPECT_EQ(parent_.exits, Exits{"exit 0"});
}

TEST_F(SimChildTest, ARoomNoticeComesWhenHalfOfTheInputIsRead) {
  limits_.child_input_bytes_max = 100;
  Start({.start = [](SimProcess& process) { process.SetReadingPace(10, absl::Milliseconds(1)); }},
        /*pipe_input=*/true);
  RunFor(absl::Milliseconds(1));
  EXPECT_EQ(child_->WriteInput(std::string(101, 'x')).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(child_->WriteInput(std::string(100, 'x')).ok());
  EXPECT_EQ(child_->WriteInput("x").code(), absl::StatusCode::kResourceExhausted);
  // 60 bytes are left, and then 50.
  RunFor(absl::Microseconds(4900));
  EXPECT_FALSE(child_->HasInputRoom());
  EXPECT_EQ(parent_.rooms, 0);
  RunFor(absl::Microseconds(200));
  EXPECT_EQ(parent_.rooms, 1);
  EXPECT_TRUE(child_->WriteInput(std::string(50, 'x')).ok());
  EXPECT_EQ(child_->WriteInput("x").code(), absl::StatusCode::kResourceExhausted);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(parent_.rooms, 2);
}

TEST_F(SimChildTest, APaceOfZeroReadsNothingUntilAnother) {
  std::string read;
  Start({.start =
             [](SimProcess& process) {
               process.SetReadingPace(0, absl::ZeroDuration());
               process.After(absl::Seconds(1),
                             [&process] { process.SetReadingPace(2, absl::Milliseconds(1)); });
             },
         .input = [&](SimProcess&, std::string_view bytes) { read.append(bytes) += "."; }},
        /*pipe_input=*/true);
  EXPECT_TRUE(child_->WriteInput("abc").ok());
  RunFor(absl::Milliseconds(999));
  EXPECT_EQ(read, "");
  RunFor(absl::Milliseconds(10));
  EXPECT_EQ(read, "ab.c.");
}

TEST_F(SimChildTest, AProgramThatClosesItsInputIsUnavailable) {
  limits_.child_input_bytes_max = 10;
  Start({.start =
             [](SimProcess& process) {
               process.SetReadingPace(0, absl::ZeroDuration());
               process.After(absl::Seconds(1), [&process] { process.CloseInput(); });
             }},
        /*pipe_input=*/true);
  EXPECT_TRUE(child_->WriteInput(std::string(10, 'x')).ok());
  EXPECT_EQ(child_->WriteInput("x").code(), absl::StatusCode::kResourceExhausted);
  RunFor(absl::Milliseconds(999));
  EXPECT_EQ(parent_.rooms, 0);
  RunFor(absl::Seconds(10));
  EXPECT_EQ(parent_.rooms, 1);
  EXPECT_EQ(child_->WriteInput("x").code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(child_->HasInputRoom());
}

TEST_F(SimChildTest, WhoWaitsForRoomHearsThatTheInputWasClosedHere) {
  limits_.child_input_bytes_max = 10;
  Start({.start = [](SimProcess& process) { process.SetReadingPace(0, absl::ZeroDuration()); }},
        /*pipe_input=*/true);
  EXPECT_TRUE(child_->WriteInput(std::string(10, 'x')).ok());
  EXPECT_FALSE(child_->HasInputRoom());
  child_->CloseInput();
  RunFor(absl::Milliseconds(1));
  EXPECT_EQ(parent_.rooms, 1);
  EXPECT_EQ(child_->WriteInput("x").code(), absl::StatusCode::kUnavailable);
}

// --- Pipes that are full. ---

TEST_F(SimChildTest, AWriteThatFillsItsPipeWaitsAndTheProgramIsNotCalled) {
  std::vector<std::string> calls;
  Start({.start =
             [&](SimProcess& process) {
               process.After(absl::Milliseconds(1), [&] { calls.push_back("early timer"); });
               process.Write(std::string(kPipeBytes, 'a'));
               process.Write("b");
               process.After(absl::Milliseconds(1), [&] { calls.push_back("late timer"); });
             },
         .input = [&](SimProcess&, std::string_view) { calls.push_back("input"); }},
        /*pipe_input=*/true);
  child_->HoldOutput(/*is_stderr=*/false, true);
  EXPECT_TRUE(child_->WriteInput("x").ok());
  RunFor(absl::Seconds(1));
  EXPECT_EQ(parent_.output, "");
  EXPECT_EQ(calls, Exits{});
  child_->HoldOutput(/*is_stderr=*/false, false);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(parent_.output, std::string(kPipeBytes, 'a') + "b");
  EXPECT_EQ(calls, (Exits{"input", "early timer", "late timer"}));
}

TEST_F(SimChildTest, RoomInThePipeIsEnoughToBeCalledAgain) {
  std::string read;
  Start({.start = [](SimProcess& process) { process.Write(std::string(kPipeBytes + 1, 'a')); },
         .input = [&](SimProcess&, std::string_view bytes) { read += bytes; }},
        /*pipe_input=*/true);
  child_->HoldOutput(/*is_stderr=*/false, true);
  EXPECT_TRUE(child_->WriteInput("x").ok());
  RunFor(absl::Seconds(1));
  EXPECT_EQ(read, "");
  child_->HoldOutput(/*is_stderr=*/false, false);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(read, "x");
}

TEST_F(SimChildTest, APipeThatIsFullToTheBrimHoldsNobodyUp) {
  bool called = false;
  Start({.start = [&](SimProcess& process) {
    process.Write(std::string(kPipeBytes, 'a'));
    process.After(absl::Milliseconds(1), [&] { called = true; });
  }});
  child_->HoldOutput(/*is_stderr=*/false, true);
  RunFor(absl::Seconds(1));
  EXPECT_TRUE(called);
}

TEST_F(SimChildTest, LongOutputComesInBoundedPiecesAndWhole) {
  limits_.child_output_bytes_max = 1000;
  std::string text;
  for (int i = 0; i < 50'000; ++i) absl::StrAppend(&text, i, " ");
  Start({.start = [&](SimProcess& process) {
    process.Write(text);
    process.WriteError("done");
    process.Exit(0);
  }});
  RunFor(absl::Seconds(1));
  EXPECT_EQ(parent_.output, text);
  EXPECT_EQ(parent_.errors, "done");
  EXPECT_GE(parent_.pieces, static_cast<int>(text.size() / 1000));
  EXPECT_EQ(parent_.exits, Exits{"exit 0"});
}

TEST_F(SimChildTest, AnExitWaitsForTheWritesInFrontOfIt) {
  Start({.start = [](SimProcess& process) {
    process.Write(std::string(kPipeBytes + 1, 'a'));
    process.Exit(0);
  }});
  child_->HoldOutput(/*is_stderr=*/false, true);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(parent_.exits, Exits{});
  child_->HoldOutput(/*is_stderr=*/false, false);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(parent_.output.size(), kPipeBytes + 1);
  EXPECT_EQ(parent_.exits, Exits{"exit 0"});
}

TEST_F(SimChildTest, HeldOutputThatIsInThePipeComesBeforeTheExit) {
  Start({.start = [](SimProcess& process) {
    process.Write("last words");
    process.After(absl::Seconds(1), [&process] { process.Exit(0); });
  }});
  child_->HoldOutput(/*is_stderr=*/false, true);
  RunFor(absl::Milliseconds(999));
  EXPECT_EQ(parent_.output, "");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(parent_.output, "last words");
  EXPECT_EQ(parent_.exits, Exits{"exit 0"});
}

TEST_F(SimChildTest, EachKindOfOutputIsHeldByItself) {
  Start({.start = [](SimProcess& process) {
    process.Write("out");
    process.WriteError("err");
  }});
  child_->HoldOutput(/*is_stderr=*/false, true);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(parent_.output, "");
  EXPECT_EQ(parent_.errors, "err");
}

// --- Signals. ---

// Notes the signals, and handles SIGTERM and SIGINT.
Script Handling(std::vector<int>* heard) {
  return {.signal = [heard](SimProcess& process, int signal) {
    heard->push_back(signal);
    if (signal == SIGTERM) process.Write("cleaning up ");
    return signal == SIGTERM || signal == SIGINT;
  }};
}

TEST_F(SimChildTest, ASignalThatIsHandledDoesWhatTheHandlerDoes) {
  std::vector<int> heard;
  Start(Handling(&heard));
  EXPECT_TRUE(child_->Signal(0).ok());
  EXPECT_TRUE(child_->Signal(SIGTERM).ok());
  RunFor(absl::Seconds(1));
  EXPECT_TRUE(child_->Signal(SIGCHLD).ok());
  RunFor(absl::Seconds(1));
  EXPECT_EQ(parent_.output, "cleaning up ");
  EXPECT_EQ(parent_.exits, Exits{});
  EXPECT_TRUE(child_->Signal(SIGHUP).ok());
  RunFor(absl::Seconds(1));
  EXPECT_EQ(heard, (std::vector<int>{SIGTERM, SIGCHLD, SIGHUP}));
  EXPECT_EQ(parent_.exits, Exits{absl::StrCat("signal ", SIGHUP)});
  EXPECT_EQ(child_->Signal(SIGTERM).code(), absl::StatusCode::kNotFound);
}

TEST_F(SimChildTest, NobodyHandlesKill) {
  std::vector<int> heard;
  Start({.signal = [&](SimProcess&, int signal) {
    heard.push_back(signal);
    return true;
  }});
  for (const int signal : {SIGTERM, SIGSTOP, SIGKILL}) {
    EXPECT_TRUE(child_->Signal(signal).ok());
    RunFor(absl::Seconds(1));
  }
  EXPECT_EQ(heard, std::vector<int>{SIGTERM});
  EXPECT_EQ(parent_.exits, Exits{absl::StrCat("signal ", SIGKILL)});
}

TEST_F(SimChildTest, ASignalBeforeTheStartHasItsDefaultAction) {
  std::vector<int> heard;
  Start(Handling(&heard));
  for (const int signal : {SIGSTOP, SIGTERM, SIGCONT}) {
    EXPECT_TRUE(child_->Signal(signal).ok());
    RunFor(absl::Seconds(1));
  }
  EXPECT_EQ(heard, std::vector<int>{});
  EXPECT_EQ(parent_.exits, Exits{absl::StrCat("signal ", SIGTERM)});
}

TEST_F(SimChildTest, AStoppedProgramDoesNothingUntilItIsContinued) {
  std::vector<int> heard;
  std::string read;
  bool timer = false;
  Script script = Handling(&heard);
  script.start = [&](SimProcess& process) {
    process.After(absl::Seconds(1), [&] { timer = true; });
  };
  script.input = [&](SimProcess&, std::string_view bytes) { read += bytes; };
  limits_.child_input_bytes_max = 10;
  Start(script, /*pipe_input=*/true);
  RunFor(absl::Milliseconds(1));
  EXPECT_TRUE(child_->Signal(SIGSTOP).ok());
  EXPECT_TRUE(child_->WriteInput("0123456789").ok());
  EXPECT_EQ(child_->WriteInput("x").code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(child_->Signal(SIGTERM).ok());
  EXPECT_TRUE(child_->Signal(SIGINT).ok());
  EXPECT_TRUE(child_->Signal(SIGTERM).ok());
  RunFor(absl::Seconds(10));
  EXPECT_EQ(heard, std::vector<int>{});
  EXPECT_EQ(read, "");
  EXPECT_EQ(parent_.rooms, 0);
  EXPECT_FALSE(timer);
  EXPECT_TRUE(child_->Signal(SIGCONT).ok());
  RunFor(absl::Milliseconds(1));
  // Each once, the lowest first, as the kernel keeps them.
  EXPECT_EQ(heard, (std::vector<int>{SIGINT, SIGTERM, SIGCONT}));
  EXPECT_EQ(read, "0123456789");
  EXPECT_EQ(parent_.rooms, 1);
  EXPECT_TRUE(timer);
  EXPECT_EQ(parent_.exits, Exits{});
}

TEST_F(SimChildTest, AStoppedProgramsWriteGoesOnWhenItIsContinued) {
  bool called = false;
  Start({.start = [&](SimProcess& process) {
    process.Write(std::string(2 * kPipeBytes, 'a'));
    process.After(absl::ZeroDuration(), [&] { called = true; });
  }});
  child_->HoldOutput(/*is_stderr=*/false, true);
  RunFor(absl::Milliseconds(1));
  EXPECT_TRUE(child_->Signal(SIGSTOP).ok());
  child_->HoldOutput(/*is_stderr=*/false, false);
  RunFor(absl::Seconds(1));
  // What was in the pipe.
  EXPECT_EQ(parent_.output.size(), kPipeBytes);
  EXPECT_TRUE(child_->Signal(SIGCONT).ok());
  RunFor(absl::Seconds(1));
  EXPECT_EQ(parent_.output.size(), 2 * kPipeBytes);
  EXPECT_TRUE(called);
}

TEST_F(SimChildTest, ASignalReachesAProgramWhoseWriteWaits) {
  const auto write_much = [](SimProcess& process) {
    process.Write(std::string(2 * kPipeBytes, 'a'));
  };
  for (const bool handled : {false, true}) {
    parent_ = Parent();
    Start({.start = write_much, .signal = [handled](SimProcess& process, int) {
             if (handled) process.Exit(7);
             return handled;
           }});
    child_->HoldOutput(/*is_stderr=*/false, true);
    RunFor(absl::Seconds(1));
    EXPECT_TRUE(child_->Signal(SIGTERM).ok());
    RunFor(absl::Seconds(1));
    EXPECT_EQ(parent_.exits, Exits{handled ? "exit 7" : absl::StrCat("signal ", SIGTERM)});
    EXPECT_EQ(parent_.output.size(), kPipeBytes);
  }
}

// --- The end of either. ---

TEST_F(SimChildTest, DestroyedWhileItRunsItIsKilled) {
  bool destroyed = false;
  int ticks = 0;
  std::function<void(SimProcess&)> tick = [&](SimProcess& process) {
    ++ticks;
    process.After(absl::Seconds(1), [&] { tick(process); });
  };
  Start({.start = tick, .destroyed = [&] { destroyed = true; }});
  RunFor(absl::Milliseconds(2500));
  EXPECT_EQ(ticks, 3);
  child_.reset();
  EXPECT_TRUE(destroyed);
  RunFor(absl::Seconds(10));
  EXPECT_EQ(ticks, 3);
  EXPECT_EQ(parent_.exits, Exits{});
}

TEST_F(SimChildTest, TheHandlerMayDestroyTheChildInEachCall) {
  limits_.child_input_bytes_max = 10;
  const Script script = {.start = [](SimProcess& process) {
    process.SetReadingPace(10, absl::Milliseconds(1));
    process.Write("out");
    process.WriteError("err");
    process.After(absl::Milliseconds(2), [&process] {
      process.Write("more");
      process.Exit(0);
    });
  }};
  for (auto* const call : {&parent_.on_output, &parent_.on_room, &parent_.on_exit}) {
    parent_ = Parent();
    *call = [this] { child_.reset(); };
    Start(script, /*pipe_input=*/true);
    EXPECT_TRUE(child_->WriteInput("0123456789").ok());
    EXPECT_FALSE(child_->HasInputRoom());
    RunFor(absl::Seconds(1));
    EXPECT_EQ(child_, nullptr);
    EXPECT_EQ(parent_.rooms, call == &parent_.on_output ? 0 : 1);
    EXPECT_EQ(parent_.output, call == &parent_.on_exit ? "outmore" : "out");
    EXPECT_EQ(parent_.exits.size(), call == &parent_.on_exit ? 1u : 0u);
  }
}

TEST_F(SimChildTest, TheBoundOfRunningChildrenIsResourceExhausted) {
  limits_.children_processes_max = 1;
  Start({.start = [](SimProcess& process) {
    process.After(absl::Seconds(1), [&process] { process.Exit(0); });
  }});
  const ChildOptions options = {.argv = {"/bin/scripted"}};
  EXPECT_EQ(platform_.SpawnChild(*poller_, options, limits_, &parent_).status(),
            absl::ResourceExhaustedError("children_processes_max: 1"));
  RunFor(absl::Seconds(2));
  EXPECT_TRUE(platform_.SpawnChild(*poller_, options, limits_, &parent_).ok());
}

// --- Children of actors. ---

// Runs one child, and tells of it.
class Keeper final : public Actor {
 public:
  explicit Keeper(std::vector<std::string>* heard) : heard_(*heard) {}

  Reply<void> OnStart(Context& cx) override {
    child_ = cx.Exec(this, {.argv = {"/bin/scripted"}, .pipe_input = true}).value_or(Child());
    return absl::OkStatus();
  }
  // Asks for the end politely, and waits for it a while.
  Reply<void> OnStop(Context& cx, StopReason) override {
    cx.SignalChild(child_, SIGTERM).IgnoreError();
    co_await cx.Sleep(absl::Seconds(1));
    heard_.push_back(cx.SignalChild(child_, 0).ok() ? "it lives" : "it has ended");
    co_return absl::OkStatus();
  }
  void On(Context& cx, const std::string& input) {
    heard_.push_back(std::string(cx.WriteChild(child_, input).message()));
  }
  // Slow, so that the child has to wait.
  Reply<void> On(Context& cx, const ChildOutput& output) {
    heard_.push_back(absl::StrCat(output.bytes.size(), output.bytes.substr(0, 1)));
    co_await cx.Sleep(absl::Seconds(1));
    co_return absl::OkStatus();
  }
  void On(Context&, const ChildExited& exited) {
    heard_.push_back(absl::StrCat("exit ", exited.status.exit_code));
  }

 private:
  std::vector<std::string>& heard_;
  Child child_;
};

class ChildOfActorTest : public testing::Test {
 protected:
  void Start(const Script& script) {
    simulation_.AddStreamingProgram("/bin/scripted", MakerOf(script));
    system_ = *System::Start({.shards = 1, .platform = &simulation_.AddNode("a")});
    actor_ = system_->Spawn<Keeper>({}, &heard_);
    simulation_.RunFor(absl::Milliseconds(10));
  }

  std::vector<std::string> heard_;
  TestSimulation simulation_;
  std::unique_ptr<System> system_;
  Ref<Keeper> actor_;
};

TEST_F(ChildOfActorTest, AnActorThatHandlesOutputSlowlySlowsItsChildDown) {
  int written = 0;
  Start({.start = [&](SimProcess& process) {
    for (const char letter : {'a', 'b', 'c'}) {
      process.Write(std::string(kPipeBytes, letter));
      process.After(absl::ZeroDuration(), [&] { ++written; });
    }
    process.Exit(0);
  }});
  // The first is with the actor, and the second in the pipe.
  simulation_.RunFor(absl::Milliseconds(500));
  EXPECT_EQ(heard_, Exits{"65536a"});
  simulation_.RunFor(absl::Milliseconds(1000));
  EXPECT_EQ(heard_, (Exits{"65536a", "65536b"}));
  simulation_.RunFor(absl::Seconds(10));
  EXPECT_EQ(heard_, (Exits{"65536a", "65536b", "65536c", "exit 0"}));
}

TEST_F(ChildOfActorTest, AnActorTalksToItsChildLineByLine) {
  Start({.input = [](SimProcess& process, std::string_view bytes) { process.Write(bytes); }});
  for (const char* const line : {"a", "bb"}) {
    actor_.Send(std::string(line));
    simulation_.RunFor(absl::Seconds(2));
  }
  EXPECT_EQ(heard_, (Exits{"", "1a", "", "2b"}));
}

TEST_F(ChildOfActorTest, F131_AChildThatIgnoresTermLivesUntilOnStopIsOver) {
  bool destroyed = false;
  int signals = 0;
  Start({.signal =
             [&](SimProcess&, int) {
               ++signals;
               EXPECT_FALSE(destroyed);
               return true;
             },
         .destroyed = [&] { destroyed = true; }});
  system_->Stop(actor_);
  simulation_.RunFor(absl::Milliseconds(900));
  EXPECT_EQ(signals, 1);
  EXPECT_FALSE(destroyed);
  simulation_.RunFor(absl::Milliseconds(200));
  EXPECT_EQ(heard_, Exits{"it lives"});
  EXPECT_TRUE(destroyed);
}

TEST_F(ChildOfActorTest, F131_AChildThatHandlesTermEndsWithinOnStop) {
  Start({.signal = [](SimProcess& process, int) {
    process.Exit(0);
    return true;
  }});
  system_->Stop(actor_);
  simulation_.RunFor(absl::Seconds(2));
  EXPECT_EQ(heard_, Exits{"it has ended"});
}

TEST_F(ChildOfActorTest, ACrashOfTheNodeEndsItsPrograms) {
  int ticks = 0;
  bool destroyed = false;
  std::function<void(SimProcess&)> tick = [&](SimProcess& process) {
    ++ticks;
    process.After(absl::Seconds(1), [&] { tick(process); });
  };
  Start({.start = tick, .destroyed = [&] { destroyed = true; }});
  simulation_.RunFor(absl::Milliseconds(2500));
  EXPECT_EQ(ticks, 3);
  simulation_.Crash("a");
  simulation_.RunFor(absl::Seconds(10));
  EXPECT_EQ(ticks, 3);
  system_.reset();
  EXPECT_TRUE(destroyed);
  simulation_.Restart("a");
  simulation_.RunFor(absl::Seconds(10));
  EXPECT_EQ(ticks, 3);
}

// Two programs that write and read at the same time.
uint64_t HashOfARun(uint64_t seed) {
  std::vector<std::string> heard;  // The last that is added to it is by an OnStop().
  TestSimulation simulation({.seed = seed});
  const auto count = [](SimProcess& process, std::string_view bytes) {
    process.Write(absl::StrCat(bytes.size(), "."));
    if (bytes.ends_with("end")) process.Exit(0);
  };
  simulation.AddStreamingProgram("/bin/scripted", MakerOf({.input = count}));
  const auto system = *System::Start({.shards = 2, .platform = &simulation.AddNode("a")});
  for (const int shard : {0, 1}) {
    const Ref<Keeper> keeper =
        system->Spawn<Keeper>({.placement = Placement::OnShard(shard)}, &heard);
    for (const char* const word : {"a", "few", "words", "end"}) {
      keeper.Send(std::string(word));
      simulation.RunFor(absl::Milliseconds(1));
    }
  }
  simulation.RunFor(absl::Minutes(1));
  EXPECT_EQ(std::count(heard.begin(), heard.end(), "exit 0"), 2);
  return simulation.trace_hash();
}

TEST(ChildrenTest, EqualRunsHaveEqualHashes) {
  const uint64_t hash = HashOfARun(3);
  EXPECT_EQ(HashOfARun(3), hash);
  EXPECT_NE(HashOfARun(4), hash);
}

}  // namespace
}  // namespace troupe
