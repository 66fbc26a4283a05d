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
#include "troupe/tests/loop/sanitizer.h"
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
  for (const int signal : {0, -1, 65, SIGKILL, SIGSTOP}) {
    EXPECT_EQ(signals.Catch(loop.poller(), {signal}, &probe).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(loop.poller().watch_count(), 0u);
}

TEST(PosixSignalsTest, F101_ASignalToAThreadThatDoesNotBlockItIsHeardToo) {
  // It calls handlers with a context of its own, and what one writes there is lost.
  if (UnderThreadSanitizer()) GTEST_SKIP();
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
