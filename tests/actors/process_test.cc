// What belongs to the process and not to one System of it: signals, cores, masks.

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/actors/system_options.h"
#include "troupe/actors/worker.h"
#include "troupe/base/mutex.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/core_pin.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

constexpr std::chrono::seconds kPatience(10);

std::unique_ptr<System> Start(SystemOptions options) {
  auto system = System::Start(std::move(options));
  EXPECT_TRUE(system.ok()) << system.status();
  return system.ok() ? *std::move(system) : nullptr;
}

bool IsBlocked(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

bool HasDefaultAction(int signal) {
  struct sigaction action;
  sigaction(signal, nullptr, &action);
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
}

// An actor that hears SIGHUP, and what it heard.
struct Hearer {
  explicit Hearer(System& system) {
    const Ref<ProbeActor> actor =
        system.Spawn<ProbeActor>({}, Script{.signal = [this](Context&, const SignalRaised& raised) {
                                   heard.Add(raised.signal);
                                 }});
    Perform(actor, [](ProbeActor& self, Context& cx) { cx.Subscribe(&self, SIGHUP); });
  }

  Collected<int> heard;
};

TEST(ProcessTest, F126_TwoSystemsEndedInEitherOrderBothHearAndLeaveAllAsBefore) {
  for (const bool first_ends_first : {true, false}) {
    std::unique_ptr<System> first = Start({.shards = 1});
    std::unique_ptr<System> second = Start({.shards = 1});
    std::optional<Hearer> first_hearer(*first);
    std::optional<Hearer> second_hearer(*second);
    kill(getpid(), SIGHUP);
    EXPECT_EQ(first_hearer->heard.Wait(1), std::vector<int>{SIGHUP});
    EXPECT_EQ(second_hearer->heard.Wait(1), std::vector<int>{SIGHUP});
    (first_ends_first ? first : second).reset();
    kill(getpid(), SIGHUP);
    (first_ends_first ? second_hearer : first_hearer)->heard.Wait(2);
    first.reset();
    second.reset();
    for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGCHLD}) {
      EXPECT_FALSE(IsBlocked(signal)) << signal;
      EXPECT_TRUE(HasDefaultAction(signal)) << signal;
    }
  }
}

TEST(ProcessTest, F126_SigtermShutsDownEveryRunningSystemAfterATemporaryOneHasEnded) {
  std::unique_ptr<System> first = Start({.shards = 1});
  Start({.shards = 1}).reset();
  std::unique_ptr<System> second = Start({.shards = 1});
  std::unique_ptr<System> never_run = Start({.shards = 1});
  auto first_end = std::async(std::launch::async, [&] { return first->Run(); });
  auto second_end = std::async(std::launch::async, [&] { return second->Run(); });
  kill(getpid(), SIGTERM);
  for (auto* end : {&first_end, &second_end}) {
    if (end->wait_for(kPatience) != std::future_status::ready) {
      ADD_FAILURE() << "SIGTERM was not heard";
      first->Shutdown();
      second->Shutdown();
    }
    EXPECT_EQ(end->get(), 0);
  }
}

// A worker: says what its thread has.
struct Traits {
  int core_count = 0;
  bool blocks_term = false;
  int nproc_status = -1;  // Of a shell that compares nproc with the process's cores.
  int mask_status = -1;   // Of one that wants an empty mask.
};

class Teller final : public Worker {
 public:
  explicit Teller(Collected<Traits>* told) : told_(*told) {}

  void On(WorkerContext&, const Tick& cores) {
    cpu_set_t set;
    sched_getaffinity(0, sizeof(set), &set);
    const std::string nproc = "test $(nproc) = " + std::to_string(cores.value);
    told_.Add(
        {.core_count = CPU_COUNT(&set),
         .blocks_term = IsBlocked(SIGTERM),
         .nproc_status = std::system(nproc.c_str()),
         .mask_status = std::system("grep -q '^SigBlk:.0000000000000000' /proc/self/status")});
  }

 private:
  Collected<Traits>& told_;
};

TEST(ProcessTest, F127_WorkersAndChildrenOfAPinnedShardHaveTheProcesssCoresAndMask) {
  const int cores = UsableCores();
  Collected<Traits> told;
  Collected<std::string> outputs;
  std::unique_ptr<System> system = Start({.shards = 1, .pin = true});
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
      {}, Script{.output = [&](Context&, const ChildOutput& output) { outputs.Add(output.bytes); },
                 .exited = [](Context&, const ChildExited&) {}});
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    cpu_set_t set;
    sched_getaffinity(0, sizeof(set), &set);
    EXPECT_EQ(CPU_COUNT(&set), 1) << "the shard is pinned";
    EXPECT_TRUE(IsBlocked(SIGTERM));
    cx.SpawnWorkers<Teller>({.name = "tellers", .threads = 1}, &told).Send(Tick{cores});
    EXPECT_TRUE(cx.Exec(&self, {.argv = {"nproc"}}).ok());
  });
  const Traits traits = told.Wait(1)[0];
  EXPECT_EQ(traits.core_count, cores);
  EXPECT_FALSE(traits.blocks_term);
  EXPECT_EQ(traits.nproc_status, 0);
  EXPECT_EQ(traits.mask_status, 0);
  EXPECT_EQ(outputs.Wait(1)[0], std::to_string(cores) + "\n");
  // A signal that the kernel gives to the worker, which does not block it.
  Hearer hearer(*system);
  kill(getpid(), SIGHUP);
  hearer.heard.Wait(1);
  system.reset();
}

int CoresOfAShard(System& system) {
  int count = 0;
  Perform(system.Spawn<ProbeActor>({}, Script{}), [&](ProbeActor&, Context&) {
    cpu_set_t set;
    sched_getaffinity(0, sizeof(set), &set);
    count = CPU_COUNT(&set);
  });
  return count;
}

TEST(ProcessTest, F127_ASystemPinsByItselfOnlyWithAllCoresAndAlone) {
  const int cores = UsableCores();
  if (cores < 2) GTEST_SKIP() << "one core: pinned or not is the same";
  const auto few = Start({.shards = 1});
  EXPECT_EQ(CoresOfAShard(*few), cores);
  const auto all = Start({.shards = cores});
  EXPECT_EQ(CoresOfAShard(*all), 1);
  const auto another = Start({.shards = cores});
  EXPECT_EQ(CoresOfAShard(*another), cores) << "the first has pinned on all cores";
  EXPECT_EQ(CoresOfAShard(*Start({.shards = cores, .pin = false})), cores);
  EXPECT_EQ(CoresOfAShard(*Start({.shards = 1, .pin = true})), 1);
}

}  // namespace
}  // namespace troupe::test
