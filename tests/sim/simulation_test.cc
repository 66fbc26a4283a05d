#include "troupe/sim/simulation.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/tally.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"
#include "troupe/base/status_macros.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/tests/sim/another_process.h"

namespace troupe {
namespace {

using tally::Tally;
using tally::TallyReply;
using tally::TallyRequest;

struct Ball {
  int64_t hits;
  AnyRef from;
};

// Returns each ball, and is through after so many.
class Player final : public Actor {
 public:
  Player(int64_t hits_max, Event* done) : hits_max_(hits_max), done_(done) {}

  void On(Context& cx, const Ball& ball) {
    if (ball.hits == hits_max_) return done_->Notify();
    Ref<Player>(ball.from).Send(Ball{ball.hits + 1, cx.self()});
  }

 private:
  const int64_t hits_max_;
  Event* const done_;
};

struct Tick {};

// Counts ticks, one a second.
class Metronome final : public Actor {
 public:
  explicit Metronome(int* ticks) : ticks_(ticks) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Every(this, absl::Seconds(1), Tick{});
    return absl::OkStatus();
  }
  void On(Context&, const Tick&) { ++*ticks_; }

 private:
  int* const ticks_;
};

// Adds on the blocking pool, after a nap.
class SlowTally final : public Tally::Actor {
 public:
  Reply<TallyReply> Add(Context& cx, const TallyRequest& request) override {
    co_await cx.Sleep(absl::Seconds(1));
    const int64_t amount = request.amount();
    const auto sum = [this, amount] { return total_ + amount; };
    TROUPE_CO_ASSIGN_OR_RETURN(total_, co_await cx.Offload(sum));
    TallyReply reply;
    reply.set_total(total_);
    co_return reply;
  }

 private:
  int64_t total_ = 0;
};

// Tells what it hears of the world outside.
class Observer final : public Actor {
 public:
  Observer(std::vector<std::string>* heard, std::string program)
      : heard_(heard), program_(std::move(program)) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Subscribe(this, SIGHUP);
    const auto child = cx.Exec(this, {.argv = {program_, "7"}});
    if (!child.ok()) heard_->push_back(child.status().ToString());
    return absl::OkStatus();
  }
  void On(Context&, const SignalRaised& raised) {
    heard_->push_back("signal " + std::to_string(raised.signal));
  }
  void On(Context&, const ChildOutput& output) { heard_->push_back(output.bytes); }
  void On(Context&, const ChildExited& exited) {
    heard_->push_back("exit " + std::to_string(exited.status.exit_code));
  }

 private:
  std::vector<std::string>* const heard_;
  const std::string program_;
};

std::unique_ptr<System> StartOn(Platform& platform) {
  auto system = System::Start({.shards = 2, .platform = &platform});
  EXPECT_TRUE(system.ok()) << system.status();
  return *std::move(system);
}

void PlayOn(System& system, int64_t hits) {
  const auto done = system.runtime().platform().MakeEvent();
  const Ref<Player> a = system.Spawn<Player>({.placement = {.shard = 0}}, hits, done.get());
  const Ref<Player> b = system.Spawn<Player>({.placement = {.shard = 1}}, hits, done.get());
  a.Send(Ball{0, b});
  EXPECT_TRUE(done->WaitUntil(Instant::Infinite()));
}

TallyRequest Amount(int64_t amount) {
  TallyRequest request;
  request.set_amount(amount);
  return request;
}

// Two nodes that do a bit of everything.
struct RunOutcome {
  uint64_t hash = 0;
  std::deque<std::string> trace;
  std::vector<uint64_t> incarnations;
};

RunOutcome RunTwoNodes(uint64_t seed) {
  TestSimulation simulation({.seed = seed, .record_trace = true});
  RunOutcome outcome;
  {
    const auto a = StartOn(simulation.AddNode("a"));
    const auto b = StartOn(simulation.AddNode("b"));
    outcome.incarnations = {a->runtime().incarnation(), b->runtime().incarnation()};
    const Tally::Ref tally = b->Spawn<SlowTally>({});
    PlayOn(*a, 100);
    EXPECT_EQ(tally.Add(Amount(3)).Wait()->total(), 3);
    PlayOn(*b, 100);
  }
  outcome.hash = simulation.trace_hash();
  outcome.trace = simulation.trace();
  return outcome;
}

TEST(SimulationTest, ActorsOnTwoShardsPlayOnOneThread) {
  TestSimulation simulation;
  const auto system = StartOn(simulation.AddNode("a"));
  PlayOn(*system, 1000);
}

TEST(SimulationTest, NoThreadIsStarted) {
  TestSimulation simulation;
  const auto a = StartOn(simulation.AddNode("a"));
  const auto b = StartOn(simulation.AddNode("b"));
  const Tally::Ref tally = b->Spawn<SlowTally>({});
  EXPECT_EQ(tally.Add(Amount(1)).Wait()->total(), 1);
  const std::filesystem::directory_iterator threads("/proc/self/task");
  EXPECT_EQ(std::distance(begin(threads), end(threads)), 1);
}

TEST(SimulationTest, AnHourOfTimersPassesInAnInstant) {
  TestSimulation simulation;
  const auto system = StartOn(simulation.AddNode("a"));
  int ticks = 0;
  system->Spawn<Metronome>({}, &ticks);
  const absl::Time before = simulation.clock().WallNow();
  simulation.RunFor(absl::Hours(1) + absl::Milliseconds(500));
  EXPECT_EQ(ticks, 3600);
  EXPECT_EQ(simulation.clock().WallNow() - before, absl::Hours(1) + absl::Milliseconds(500));
}

TEST(SimulationTest, WaitDrivesSleepAndOffload) {
  TestSimulation simulation;
  const auto system = StartOn(simulation.AddNode("a"));
  const Tally::Ref tally = system->Spawn<SlowTally>({});
  const Instant before = simulation.clock().Now();
  EXPECT_EQ(tally.Add(Amount(5)).Wait()->total(), 5);
  EXPECT_EQ(tally.Add(Amount(2)).Wait()->total(), 7);
  EXPECT_GE(simulation.clock().Now() - before, absl::Seconds(2));
  EXPECT_LT(simulation.clock().Now() - before, absl::Seconds(2.1));
}

TEST(SimulationTest, ADeadlineIsVirtual) {
  TestSimulation simulation;
  const auto system = StartOn(simulation.AddNode("a"));
  const Tally::Ref tally = system->Spawn<SlowTally>({});
  const Instant before = simulation.clock().Now();
  const auto late = tally.Add(Amount(5)).Within(absl::Milliseconds(100)).Wait();
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_GE(simulation.clock().Now() - before, absl::Milliseconds(100));
  EXPECT_LT(simulation.clock().Now() - before, absl::Milliseconds(101));
}

TEST(SimulationTest, OneSeedGivesOneTrace) {
  for (const uint64_t seed : SimulationSeeds(20)) {
    const RunOutcome first = RunTwoNodes(seed);
    const RunOutcome second = RunTwoNodes(seed);
    ASSERT_EQ(first.trace, second.trace);
    EXPECT_EQ(first.hash, second.hash);
    EXPECT_EQ(first.incarnations, second.incarnations);
  }
}

TEST(SimulationTest, AnotherSeedGivesAnotherTrace) {
  const RunOutcome first = RunTwoNodes(1);
  const RunOutcome second = RunTwoNodes(2);
  EXPECT_NE(first.hash, second.hash);
  EXPECT_NE(first.trace, second.trace);
  EXPECT_NE(first.incarnations, second.incarnations);
}

TEST(SimulationTest, AnotherProcessGetsTheSameTrace) {
  ExpectSameHashInAnotherProcess(RunTwoNodes(1).hash);
}

TEST(SimulationTest, NodesOfOneRunHaveSeedsOfTheirOwn) {
  TestSimulation simulation;
  EXPECT_NE(simulation.AddNode("a").RandomSeed(), simulation.AddNode("b").RandomSeed());
}

TEST(SimulationTest, SignalsAndProgramsReachActors) {
  TestSimulation simulation;
  simulation.AddProgram("/bin/answer", [](const ChildOptions& options, std::string_view) {
    return SimProgramRun{.output = "six times " + options.argv[1], .status = {.exit_code = 42}};
  });
  const auto system = StartOn(simulation.AddNode("a"));
  std::vector<std::string> heard;
  system->Spawn<Observer>({}, &heard, "/bin/answer");
  EXPECT_TRUE(simulation.RunUntil([&] { return heard.size() == 2; }));
  EXPECT_TRUE(simulation.RaiseSignal("a", SIGHUP));
  EXPECT_FALSE(simulation.RaiseSignal("a", SIGUSR1));
  EXPECT_TRUE(simulation.RunUntil([&] { return heard.size() == 3; }));
  EXPECT_EQ(heard, (std::vector<std::string>{"six times 7", "exit 42",
                                             "signal " + std::to_string(SIGHUP)}));
}

TEST(SimulationTest, AProgramThatItDoesNotHaveIsNotFound) {
  TestSimulation simulation;
  const auto system = StartOn(simulation.AddNode("a"));
  std::vector<std::string> heard;
  system->Spawn<Observer>({}, &heard, "/bin/true");
  ASSERT_TRUE(simulation.RunUntil([&] { return heard.size() == 1; }));
  EXPECT_EQ(heard[0], "NOT_FOUND: exec of /bin/true: this simulation has no such program");
}

// Feeds a program more than fits, and ends it politely when it ends itself.
class Feeder final : public Actor {
 public:
  explicit Feeder(std::vector<std::string>* heard) : heard_(*heard) {}

  Reply<void> OnStart(Context& cx) override {
    child_ = cx.Exec(this, {.argv = {"/bin/count"}, .pipe_input = true}).value_or(Child());
    heard_.push_back(child_.pid > 0 ? "started" : "refused");
    const std::string block(40 << 10, 'x');
    EXPECT_TRUE(cx.WriteChild(child_, block).ok());
    EXPECT_EQ(cx.WriteChild(child_, block).code(), absl::StatusCode::kResourceExhausted);
    return absl::OkStatus();
  }
  Reply<void> On(Context& cx, const ChildInputRoom&) {
    heard_.push_back("room");
    EXPECT_TRUE((co_await cx.WriteChildAll(child_, std::string(200 << 10, 'x'))).ok());
    EXPECT_TRUE(cx.CloseChildInput(child_).ok());
    co_return absl::OkStatus();
  }
  void On(Context&, const ChildOutput& output) { heard_.push_back(output.bytes); }
  void On(Context& cx, const ChildExited&) {
    child_ = cx.Exec(this, {.argv = {"/bin/stubborn"}}).value_or(Child());
    cx.Stop();
  }
  Reply<void> OnStop(Context& cx, StopReason) override {
    EXPECT_TRUE(cx.SignalChild(child_, SIGTERM).ok());
    co_await cx.Sleep(absl::Milliseconds(10));
    heard_.push_back(cx.SignalChild(child_, 0).ok() ? "ignores TERM" : "ended");
    EXPECT_TRUE(cx.SignalChild(child_, SIGKILL, SignalTarget::kChild).ok());
    co_await cx.Sleep(absl::Milliseconds(10));
    heard_.push_back(cx.SignalChild(child_, 0).ok() ? "ignores KILL" : "ended");
    co_return absl::OkStatus();
  }

 private:
  std::vector<std::string>& heard_;
  Child child_;
};

TEST(SimulationTest, F131_ChildrenHaveRoomForInputAndOutliveOnStop) {
  TestSimulation simulation;
  simulation.AddProgram("/bin/count", [](const ChildOptions&, std::string_view input) {
    return SimProgramRun{.output = std::to_string(input.size() >> 10)};
  });
  simulation.AddProgram("/bin/stubborn", [](const ChildOptions&, std::string_view) {
    return SimProgramRun{.takes = absl::Hours(1), .ignored_signals = {SIGTERM}};
  });
  const auto system = StartOn(simulation.AddNode("a"));
  std::vector<std::string> heard;
  system->Spawn<Feeder>({}, &heard);
  EXPECT_TRUE(simulation.RunUntil([&] { return heard.size() == 5; }));
  EXPECT_EQ(heard, (std::vector<std::string>{"started", "room", "240", "ignores TERM", "ended"}));
}

// Writes to a program by an await, and beside it.
class SideWriter final : public Actor {
 public:
  explicit SideWriter(std::vector<std::string>* heard) : heard_(*heard) {}

  Reply<void> OnStart(Context& cx) override {
    child_ = cx.Exec(this, {.argv = {"/bin/count"}, .pipe_input = true}).value_or(Child());
    kept_ = WriteAll(cx);
    heard_.push_back(std::string(cx.WriteChild(child_, "y").message()));
    return absl::OkStatus();
  }
  void On(Context& cx, const ChildInputRoom&) {
    heard_.push_back(std::string(cx.WriteChild(child_, std::string(32 << 10, 'y')).message()));
    EXPECT_TRUE(cx.CloseChildInput(child_).ok());
  }
  void On(Context&, const ChildOutput& output) { heard_.push_back(output.bytes); }
  void On(Context&, const ChildExited&) {}

 private:
  Reply<void> WriteAll(Context& cx) {
    // Its last piece leaves less than half of what fits.
    const absl::Status status = co_await cx.WriteChildAll(child_, std::string(124 << 10, 'x'));
    heard_.push_back(status.ok() ? "all" : std::string(status.message()));
    co_return status;
  }

  std::vector<std::string>& heard_;
  Child child_;
  std::optional<Reply<void>> kept_;
};

TEST(SimulationTest, F131_WhoeverWritesBesideAnAwaitIsToldOfRoomBehindIt) {
  TestSimulation simulation;
  simulation.AddProgram("/bin/count", [](const ChildOptions&, std::string_view input) {
    return SimProgramRun{.output = std::to_string(input.find('y') >> 10) + " of " +
                                   std::to_string(input.size() >> 10)};
  });
  const auto system = StartOn(simulation.AddNode("a"));
  std::vector<std::string> heard;
  system->Spawn<SideWriter>({}, &heard);
  EXPECT_TRUE(simulation.RunUntil([&] { return heard.size() == 4; }));
  EXPECT_EQ(heard, (std::vector<std::string>{"a WriteChildAll() to the child waits for space",
                                             "all", "", "124 of 156"}));
}

// Runs one program and signals it.
class Signaller final : public Actor {
 public:
  explicit Signaller(std::vector<std::string>* heard) : heard_(*heard) {}

  Reply<void> OnStart(Context& cx) override {
    child_ = cx.Exec(this, {.argv = {"/bin/work"}}).value_or(Child());
    return absl::OkStatus();
  }
  void On(Context& cx, int signal) {
    heard_.push_back(std::string(cx.SignalChild(child_, signal).message()));
  }
  void On(Context&, const ChildExited& exited) {
    heard_.push_back("exit " + std::to_string(exited.status.exit_code) + ", signal " +
                     std::to_string(exited.status.signal));
  }

 private:
  std::vector<std::string>& heard_;
  Child child_;
};

class SignalledProgramTest : public testing::Test {
 protected:
  // One that runs for `time` by itself.
  void Start(absl::Duration time) {
    simulation_.AddProgram("/bin/work", [time](const ChildOptions&, std::string_view) {
      return SimProgramRun{.takes = time};
    });
    system_ = StartOn(simulation_.AddNode("a"));
    actor_ = system_->Spawn<Signaller>({}, &heard_);
  }

  std::vector<std::string> heard_;
  TestSimulation simulation_;
  std::unique_ptr<System> system_;
  Ref<Signaller> actor_;
};

TEST_F(SignalledProgramTest, F131_AStoppedProgramGoesOnWhenItIsContinued) {
  Start(absl::Seconds(1));
  for (const int signal : {SIGSTOP, 65, -1}) {
    actor_.Send(signal);
    simulation_.RunFor(absl::Seconds(10));
  }
  actor_.Send(SIGCONT);
  simulation_.RunFor(absl::Seconds(10));
  EXPECT_EQ(heard_, (std::vector<std::string>{"", "signal 65 to process 1: Invalid argument",
                                              "signal -1 to process 1: Invalid argument", "",
                                              "exit 0, signal 0"}));
}

TEST_F(SignalledProgramTest, F131_ATerminalsSignalsStopNoProgram) {
  Start(absl::Seconds(1));
  for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU}) actor_.Send(signal);
  simulation_.RunFor(absl::Seconds(10));
  EXPECT_EQ(heard_, (std::vector<std::string>{"", "", "", "exit 0, signal 0"}));
}

TEST_F(SignalledProgramTest, F131_AStoppedProgramIsEndedByKillAlone) {
  Start(absl::Hours(1));
  for (const int signal : {SIGSTOP, SIGTERM}) actor_.Send(signal);
  simulation_.RunFor(absl::Seconds(10));
  EXPECT_EQ(heard_.size(), 2u);
  actor_.Send(SIGKILL);
  simulation_.RunFor(absl::Seconds(10));
  EXPECT_EQ(heard_.size(), 4u);
  EXPECT_EQ(heard_.back(), "exit -1, signal 9");
}

// Stops a program that it has written too much to, ends it, lets it go on, and takes its time.
class Impatient final : public Actor {
 public:
  explicit Impatient(int* exits) : exits_(*exits) {}

  Reply<void> OnStart(Context& cx) override {
    child_ = cx.Exec(this, {.argv = {"/bin/work"}, .pipe_input = true}).value_or(Child());
    while (cx.WriteChild(child_, std::string(1000, 'x')).ok()) {
    }
    EXPECT_TRUE(cx.SignalChild(child_, SIGSTOP).ok());
    co_await cx.Sleep(absl::Milliseconds(1));
    EXPECT_TRUE(cx.SignalChild(child_, SIGTERM).ok());
    co_await cx.Sleep(absl::Milliseconds(1));
    EXPECT_TRUE(cx.SignalChild(child_, SIGCONT).ok());
    co_await cx.Sleep(absl::Milliseconds(10));
    co_return absl::OkStatus();
  }
  void On(Context& cx, const ChildExited&) {
    ++exits_;
    const absl::Status next = cx.Exec(this, {.argv = {"/bin/work"}, .pipe_input = true}).status();
    EXPECT_TRUE(next.ok()) << next;
  }

 private:
  int& exits_;
  Child child_;
};

TEST(SimulationTest, F131_AProgramExitsOnce) {
  TestSimulation simulation;
  simulation.AddProgram("/bin/work",
                        [](const ChildOptions&, std::string_view) { return SimProgramRun{}; });
  const auto system = StartOn(simulation.AddNode("a"));
  int exits = 0;
  system->Spawn<Impatient>({}, &exits);
  simulation.RunFor(absl::Seconds(1));
  EXPECT_EQ(exits, 1);
}

// Does not stop, and so makes somebody impatient.
class Lingering final : public Actor {
 public:
  explicit Lingering(std::function<void()> on_stop) : on_stop_(std::move(on_stop)) {}
  Reply<void> OnStop(Context& cx, StopReason) override {
    on_stop_();
    co_await cx.Sleep(absl::InfiniteDuration());
    co_return absl::OkStatus();
  }

 private:
  const std::function<void()> on_stop_;
};

TEST(SimulationTest, ASecondSignalEndsTheNodeAndNotTheTest) {
  TestSimulation simulation({.record_trace = true});
  const auto system = StartOn(simulation.AddNode("a"));
  system->Spawn<Lingering>({}, [&] { EXPECT_TRUE(simulation.RaiseSignal("a", SIGTERM)); });
  EXPECT_TRUE(simulation.RaiseSignal("a", SIGTERM));
  EXPECT_EQ(system->Run(), 1);
  const auto& trace = simulation.trace();
  EXPECT_TRUE(std::any_of(trace.begin(), trace.end(), [](const std::string& line) {
    return line.find("exit a 143") != line.npos;
  })) << "the node's end";
}

TEST(SimulationTest, ASignalEndsRun) {
  TestSimulation simulation;
  const auto system = StartOn(simulation.AddNode("a"));
  EXPECT_TRUE(simulation.RaiseSignal("a", SIGTERM));
  EXPECT_EQ(system->Run(), 0);
}

TEST(SimulationTest, APausedNodeDoesNothing) {
  TestSimulation simulation;
  const auto system = StartOn(simulation.AddNode("a"));
  const Tally::Ref tally = system->Spawn<SlowTally>({});
  simulation.Pause("a", absl::Minutes(1));
  const Instant before = simulation.clock().Now();
  EXPECT_EQ(tally.Add(Amount(1)).Within(absl::Hours(1)).Wait()->total(), 1);
  EXPECT_GE(simulation.clock().Now() - before, absl::Seconds(61));
}

TEST(SimulationTest, ACrashedNodeStopsAtOnceAndStartsAgain) {
  TestSimulation simulation;
  Platform& platform = simulation.AddNode("a");
  int ticks = 0;
  auto system = StartOn(platform);
  system->Spawn<Metronome>({}, &ticks);
  simulation.RunFor(absl::Seconds(2.5));
  EXPECT_EQ(ticks, 2);
  simulation.Crash("a");
  simulation.RunFor(absl::Seconds(10));
  EXPECT_EQ(ticks, 2);
  system.reset();
  simulation.Restart("a");
  system = StartOn(platform);
  PlayOn(*system, 10);
}

TEST(SimulationDeathTest, OnlyTheSeedThatFailedIsNamed) {
  EXPECT_EXIT(
      {
        for (const uint64_t seed : {4, 5}) {
          TestSimulation simulation({.seed = seed});
          EXPECT_NE(seed, 4u);
        }
        std::exit(0);
      },
      testing::ExitedWithCode(0),
      testing::AllOf(testing::HasSubstr("simulation seed 4"),
                     testing::Not(testing::HasSubstr("simulation seed 5"))));
}

TEST(SimulationDeathTest, ADeadlockNamesTheSeed) {
  EXPECT_DEATH(
      {
        Simulation simulation({.seed = 4711});
        simulation.AddNode("a").MakeEvent()->WaitUntil(Instant::Infinite());
      },
      "simulation seed 4711.*deadlock");
}

TEST(SimulationDeathTest, AFailedCheckNamesTheSeed) {
  EXPECT_DEATH(
      {
        Simulation simulation({.seed = 4711});
        simulation.Crash("nobody");
      },
      "TROUPE_SIM_SEED=4711");
}

TEST(SimulationDeathTest, ARunThatNeverEndsNamesTheSeed) {
  EXPECT_DEATH(
      {
        Simulation simulation({.seed = 4711, .steps_max = 1000});
        const auto system = StartOn(simulation.AddNode("a"));
        int ticks = 0;
        system->Spawn<Metronome>({}, &ticks);
        simulation.RunFor(absl::InfiniteDuration());
      },
      "simulation seed 4711.*steps_max");
}

}  // namespace
}  // namespace troupe
