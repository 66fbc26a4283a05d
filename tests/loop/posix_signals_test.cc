#include "troupe/loop/posix_signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "troupe/loop/platform.h"
#include "troupe/tests/loop/test_loop.h"

namespace troupe {
namespace {

class Probe final : public SignalHandler {
 public:
  void OnSignal(int signal, int sender_pid) override {
    signals.push_back(signal);
    pids.push_back(sender_pid);
    if (destroy != nullptr) destroy->reset();
  }

  std::vector<int> signals;
  std::vector<int> pids;
  std::unique_ptr<SignalSource>* destroy = nullptr;
};

bool IsBlocked(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

void Raise(int signal) { ASSERT_EQ(kill(getpid(), signal), 0); }

std::unique_ptr<SignalSource> Catch(PosixSignals& signals, TestLoop& loop,
                                    const std::vector<int>& numbers, Probe& probe) {
  auto source = signals.Catch(loop.poller(), numbers, &probe);
  EXPECT_TRUE(source.ok()) << source.status();
  return source.ok() ? *std::move(source) : nullptr;
}

TEST(PosixSignalsTest, F101_ASignalIsToldWithItsSender) {
  PosixSignals signals;
  TestLoop loop;
  Probe probe;
  auto source = Catch(signals, loop, {SIGTERM, SIGHUP}, probe);
  Raise(SIGHUP);
  ASSERT_TRUE(loop.RunUntil([&] { return !probe.signals.empty(); }));
  EXPECT_EQ(probe.signals, std::vector<int>{SIGHUP});
  EXPECT_EQ(probe.pids, std::vector<int>{getpid()});
}

TEST(PosixSignalsTest, F101_AStormIsCoalescedAndNoneOfItIsLostEntirely) {
  PosixSignals signals;
  TestLoop loop;
  Probe probe;
  auto source = Catch(signals, loop, {SIGTERM, SIGINT, SIGHUP}, probe);
  for (int i = 0; i < 1000; ++i) {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) Raise(signal);
  }
  loop.RunUntilIdle();
  EXPECT_EQ(probe.signals.size(), 3u);
}

TEST(PosixSignalsTest, F101_TwoPollersBothHear) {
  PosixSignals signals;
  TestLoop first, second;
  Probe first_probe, second_probe;
  auto first_source = Catch(signals, first, {SIGUSR1}, first_probe);
  auto second_source = Catch(signals, second, {SIGUSR1, SIGUSR2}, second_probe);
  for (size_t round = 1; round <= 3; ++round) {
    Raise(SIGUSR1);
    ASSERT_TRUE(first.RunUntil([&] { return first_probe.signals.size() == round; }));
    ASSERT_TRUE(second.RunUntil([&] { return second_probe.signals.size() == round; }));
  }
  Raise(SIGUSR2);
  ASSERT_TRUE(second.RunUntil([&] { return second_probe.signals.size() == 4; }));
  first.RunUntilIdle();
  EXPECT_EQ(first_probe.signals.size(), 3u);
}

TEST(PosixSignalsTest, F101_TwoPollersOnTwoThreadsBothHear) {
  PosixSignals signals;
  signals.Mask({SIGUSR1});
  std::atomic<int> subscribed{0};
  std::atomic<int> heard{0};
  const auto body = [&] {
    TestLoop loop;
    Probe probe;
    auto source = Catch(signals, loop, {SIGUSR1}, probe);
    ++subscribed;
    if (loop.RunUntil([&] { return !probe.signals.empty(); })) ++heard;
  };
  std::thread one(body), two(body);
  while (subscribed < 2) std::this_thread::yield();
  Raise(SIGUSR1);
  one.join();
  two.join();
  EXPECT_EQ(heard, 2);
}

TEST(PosixSignalsTest, TheMaskComesBackAfterTheLastSubscription) {
  ASSERT_FALSE(IsBlocked(SIGUSR2));
  PosixSignals signals;
  TestLoop loop;
  Probe probe;
  auto one = Catch(signals, loop, {SIGUSR2}, probe);
  auto two = Catch(signals, loop, {SIGUSR2}, probe);
  one.reset();
  EXPECT_TRUE(IsBlocked(SIGUSR2));
  Raise(SIGUSR2);
  two.reset();  // What nobody heard does not hit the process now.
  EXPECT_FALSE(IsBlocked(SIGUSR2));
  struct sigaction action;
  sigaction(SIGUSR2, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_DFL);
  EXPECT_EQ(loop.poller().watch_count(), 0u);
}

TEST(PosixSignalsTest, MaskIsPutBackWithThePlatform) {
  {
    PosixSignals signals;
    signals.Mask({SIGHUP, SIGUSR1});
    EXPECT_TRUE(IsBlocked(SIGHUP));
    TestLoop loop;
    Probe probe;
    auto source = Catch(signals, loop, {SIGHUP}, probe);
    source.reset();
    EXPECT_TRUE(IsBlocked(SIGHUP));
    Raise(SIGHUP);  // Too late to be heard, and does not hit the process.
  }
  EXPECT_FALSE(IsBlocked(SIGHUP));
  EXPECT_FALSE(IsBlocked(SIGUSR1));
}

TEST(PosixSignalsTest, TheHandlerMayEndTheSubscription) {
  PosixSignals signals;
  TestLoop loop;
  Probe probe;
  auto source = Catch(signals, loop, {SIGUSR1, SIGUSR2}, probe);
  probe.destroy = &source;
  Raise(SIGUSR1);
  Raise(SIGUSR2);
  ASSERT_TRUE(loop.RunUntil([&] { return source == nullptr; }));
  loop.RunUntilIdle();
  EXPECT_EQ(probe.signals.size(), 1u);
}

TEST(PosixSignalsTest, WhatCannotBeCaughtIsRefused) {
  PosixSignals signals;
  TestLoop loop;
  Probe probe;
  for (const int signal : {0, -1, 65, SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    EXPECT_EQ(signals.Catch(loop.poller(), {signal}, &probe).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(loop.poller().watch_count(), 0u);
}

bool HasDefaultAction(int signal) {
  struct sigaction action;
  sigaction(signal, nullptr, &action);
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
}

// Two platforms of one process, of which both have masked and the second is never run.
TEST(PosixSignalsTest, F126_PlatformsEndedInEitherOrderLeaveEverythingAsBefore) {
  for (const size_t first_to_end : {0, 1}) {
    auto one = std::make_unique<PosixSignals>();
    one->Mask({SIGHUP, SIGTERM});
    auto two = std::make_unique<PosixSignals>();
    two->Mask({SIGHUP, SIGTERM, SIGUSR1});
    TestLoop loop;
    Probe probe;
    (first_to_end == 0 ? one : two).reset();
    EXPECT_TRUE(IsBlocked(SIGHUP));
    EXPECT_TRUE(IsBlocked(SIGTERM));
    Raise(SIGTERM);
    {
      auto source = Catch(first_to_end == 0 ? *two : *one, loop, {SIGTERM}, probe);
      ASSERT_TRUE(loop.RunUntil([&] { return !probe.signals.empty(); }));
    }
    one.reset();
    two.reset();
    for (const int signal : {SIGHUP, SIGTERM, SIGUSR1}) {
      EXPECT_FALSE(IsBlocked(signal)) << signal;
      EXPECT_TRUE(HasDefaultAction(signal)) << signal;
    }
  }
}

TEST(PosixSignalsTest, F126_EverySubscriberOfEveryPlatformHears) {
  PosixSignals one, two;
  one.Mask({SIGHUP, SIGTERM});
  two.Mask({SIGHUP, SIGTERM});
  TestLoop loops[3];
  Probe probes[3];
  std::unique_ptr<SignalSource> sources[] = {Catch(one, loops[0], {SIGHUP, SIGTERM}, probes[0]),
                                             Catch(two, loops[1], {SIGHUP, SIGTERM}, probes[1]),
                                             Catch(two, loops[2], {SIGTERM}, probes[2])};
  for (int round = 0; round < 3; ++round) {
    for (Probe& probe : probes) probe.signals.clear();
    Raise(SIGHUP);
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(loops[i].RunUntil([&] { return !probes[i].signals.empty(); })) << i;
    }
    Raise(SIGTERM);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(loops[i].RunUntil([&] {
        return !probes[i].signals.empty() && probes[i].signals.back() == SIGTERM;
      })) << i;
    }
    EXPECT_EQ(probes[2].signals, std::vector<int>{SIGTERM});
  }
  sources[1].reset();
  Raise(SIGHUP);
  ASSERT_TRUE(loops[0].RunUntil([&] { return probes[0].signals.size() == 3; }));
  EXPECT_EQ(probes[1].signals.size(), 2u) << "it had ended";
}

// As a worker's: nothing is blocked there, and so the kernel chooses it.
TEST(PosixSignalsTest, F126_AMaskedSignalEndsNothingWhereItIsNotBlocked) {
  PosixSignals signals;
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    while (!stop) std::this_thread::yield();
  });
  signals.Mask({SIGUSR1});
  Raise(SIGUSR1);
  TestLoop loop;
  Probe probe;
  auto source = Catch(signals, loop, {SIGUSR1}, probe);
  EXPECT_TRUE(loop.RunUntil([&] { return !probe.signals.empty(); })) << "kept for who comes";
  Raise(SIGUSR1);
  EXPECT_TRUE(loop.RunUntil([&] { return probe.signals.size() == 2; }));
  stop = true;
  worker.join();
}

TEST(PosixSignalsTest, F126_TheHostsOwnActionsAreLeftAlone) {
  struct sigaction ignore = {}, previous, now;
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGUSR1, &ignore, &previous), 0);
  {
    PosixSignals signals;
    signals.Mask({SIGUSR1, SIGUSR2, SIGCHLD});
    sigaction(SIGUSR1, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_IGN);
    EXPECT_TRUE(HasDefaultAction(SIGCHLD));
    // One that comes later than Troupe stays when Troupe goes.
    sigaction(SIGUSR2, &ignore, nullptr);
  }
  sigaction(SIGUSR2, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_IGN);
  sigaction(SIGUSR1, &previous, nullptr);
  sigaction(SIGUSR2, &previous, nullptr);
}

TEST(PosixSignalsTest, F126_AMaskDroppedElsewhereComesBackWithTheNextOfItsThread) {
  auto signals = std::make_unique<PosixSignals>();
  signals->Mask({SIGUSR1});
  std::thread([&] { signals.reset(); }).join();
  EXPECT_TRUE(IsBlocked(SIGUSR1)) << "only a thread changes its own mask";
  PosixSignals().Mask({SIGUSR1});
  EXPECT_FALSE(IsBlocked(SIGUSR1));
}

TEST(PosixSignalsTest, F101_ASignalToAThreadThatDoesNotBlockItIsHeardToo) {
  PosixSignals signals;
  TestLoop loop;
  Probe probe;
  std::atomic<bool> stop{false};
  std::thread host([&] {
    while (!stop) std::this_thread::yield();
  });
  auto source = Catch(signals, loop, {SIGUSR1}, probe);
  ASSERT_EQ(pthread_kill(host.native_handle(), SIGUSR1), 0);
  ASSERT_TRUE(loop.RunUntil([&] { return !probe.signals.empty(); }));
  EXPECT_EQ(probe.pids, std::vector<int>{getpid()});
  stop = true;
  host.join();
}

}  // namespace
}  // namespace troupe
