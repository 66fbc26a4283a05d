// F155: a kernel that refuses what Troupe can do without, and one that has little to give.

#include "troupe/tests/loop/refused_calls.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/base/instant.h"
#include "troupe/base/limits.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/poller.h"
#include "troupe/tests/loop/sanitizer.h"

namespace troupe {
namespace {

// What RunAll() exits with.
enum Outcome : int { kAllWell = 0, kClearError = 10, kWrong = 20, kNotPossible = 30 };

int Refused(const absl::Status& status, std::string_view what) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(),
               status.ToString().c_str());
  return status.message().empty() ? kWrong : kClearError;
}

int Wrong(std::string_view what) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
  return kWrong;
}

class Probe final : public ChildHandler, public SignalHandler, public LoopTask {
 public:
  void OnChildOutput(bool, std::string_view bytes) override { output.append(bytes); }
  void OnChildExited(const ChildStatus& ended) override { status = ended; }
  void OnSignal(int signal, int) override { heard = signal; }
  bool RunTurn(bool) override { return false; }

  std::string output;
  std::optional<ChildStatus> status;
  int heard = 0;
};

template <typename Done>
bool PollUntil(Platform& platform, Poller& poller, Done done) {
  const Instant give_up = platform.clock().Now() + absl::Seconds(8);
  while (!done()) {
    const Instant now = platform.clock().Now();
    if (now >= give_up) return false;
    poller.Poll(now, now + absl::Microseconds(300));
  }
  return true;
}

// A child that writes and is ended by a signal, and one that ends by itself.
int RunChildren(Platform& platform, Poller& poller) {
  Probe probe;
  auto child = platform.SpawnChild(
      poller, {.argv = {"/bin/sh", "-c", "echo up; while :; do sleep 0.01; done"}}, Limits(),
      &probe);
  if (!child.ok()) return Refused(child.status(), "child");
  if (!PollUntil(platform, poller, [&] { return probe.output == "up\n"; })) return Wrong("output");
  if (!(*child)->Signal(SIGTERM).ok()) return Wrong("signal to the child");
  if (!PollUntil(platform, poller, [&] { return probe.status.has_value(); })) return Wrong("exit");
  if (probe.status->signal != SIGTERM) return Wrong("how the child ended");
  if ((*child)->Signal(SIGTERM).code() != absl::StatusCode::kNotFound) return Wrong("late signal");

  Probe other;
  auto short_lived =
      platform.SpawnChild(poller, {.argv = {"/bin/sh", "-c", "exit 7"}}, Limits(), &other);
  if (!short_lived.ok()) return Refused(short_lived.status(), "child");
  if (!PollUntil(platform, poller, [&] { return other.status.has_value(); })) return Wrong("exit");
  if (other.status->exit_code != 7) return Wrong("exit code");

  Probe killed;
  auto endless = platform.SpawnChild(poller, {.argv = {"/bin/sleep", "1000"}}, Limits(), &killed);
  return endless.ok() ? int{kAllWell} : Refused(endless.status(), "child");
}

// Uses everything of the platform once.
int RunAll() {
  const std::unique_ptr<Platform> platform = MakePosixPlatform();
  if (platform->RandomSeed() == platform->RandomSeed()) return Wrong("equal seeds");
  if (platform->usable_cores() < 1) return Wrong("no cores");
  platform->MaskSignals({SIGUSR1});
  auto poller = platform->MakePoller(Limits());
  if (!poller.ok()) return Refused(poller.status(), "poller");
  Probe probe;
  auto executor = platform->StartLoop({.name = "shard", .pin = true}, &probe);
  if (!executor.ok()) return Refused(executor.status(), "thread");
  (*executor)->Join();
  auto workers = platform->StartWorkers("worker", 1, 1);
  if (!workers.ok()) return Refused(workers.status(), "workers");
  auto source = platform->CatchSignals(**poller, {SIGUSR1}, &probe);
  if (!source.ok()) return Refused(source.status(), "signals");
  kill(getpid(), SIGUSR1);
  if (!PollUntil(*platform, **poller, [&] { return probe.heard == SIGUSR1; })) {
    return Wrong("a signal");
  }
  return RunChildren(*platform, **poller);
}

struct Case {
  std::string_view name;
  long call;
  bool falls_back;  // Else: says what is missing.
};

TEST(RefusedCallsTest, F155_ARefusedOptionalCallIsDoneTheOtherWay) {
  // The sanitizers make system calls of their own.
  if (UnderThreadSanitizer() || UnderAddressSanitizer()) GTEST_SKIP();
  const Case cases[] = {
      {"epoll_pwait2", SYS_epoll_pwait2, true},
      {"getrandom", SYS_getrandom, true},
      {"close_range", SYS_close_range, true},
      {"pidfd_open", SYS_pidfd_open, true},
      {"pidfd_send_signal", SYS_pidfd_send_signal, true},
      {"sched_setaffinity", SYS_sched_setaffinity, true},
      {"sched_getaffinity", SYS_sched_getaffinity, true},
      {"madvise", SYS_madvise, true},
      {"prlimit64", SYS_prlimit64, true},
      {"prctl", SYS_prctl, true},
      // Without these there is no thread, poller or child.
      {"clone3", SYS_clone3, false},
      {"signalfd4", SYS_signalfd4, false},
      {"eventfd2", SYS_eventfd2, false},
      {"epoll_create1", SYS_epoll_create1, false},
      {"pipe2", SYS_pipe2, false},
  };
  for (const Case& c : cases) {
    for (const int error : {EPERM, ENOSYS, EINVAL}) {
      const int outcome = RunForked([&]() -> int {
        if (!RefuseCalls({c.call}, error)) return kNotPossible;
        return RunAll();
      });
      if (c.falls_back) {
        EXPECT_EQ(outcome, kAllWell) << c.name << ", error " << error;
      } else {
        EXPECT_TRUE(outcome == kAllWell || outcome == kClearError)
            << c.name << ", error " << error << ": " << outcome;
      }
    }
  }
}

TEST(RefusedCallsTest, F155_AllOptionalCallsAtOnceAndNoProc) {
  if (UnderThreadSanitizer() || UnderAddressSanitizer()) GTEST_SKIP();
  const int outcome = RunForked([]() -> int {
    // Without the right to, a namespace of users gives it.
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWNS | CLONE_NEWUSER) != 0) return kNotPossible;
    mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    if (mount("none", "/proc", "tmpfs", 0, nullptr) != 0) return kNotPossible;
    if (!RefuseCalls({SYS_epoll_pwait2, SYS_getrandom, SYS_close_range, SYS_pidfd_open,
                      SYS_pidfd_send_signal, SYS_sched_setaffinity},
                     EPERM)) {
      return kNotPossible;
    }
    return RunAll();
  });
  if (outcome == kNotPossible) GTEST_SKIP() << "no namespaces here";
  EXPECT_EQ(outcome, kAllWell);
}

TEST(RefusedCallsTest, F155_AsTheFirstProcessOfItsNamespace) {
  if (UnderThreadSanitizer() || UnderAddressSanitizer()) GTEST_SKIP();
  const int outcome = RunForked([]() -> int {
    if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWPID | CLONE_NEWUSER) != 0) {
      return kNotPossible;
    }
    return RunForked([]() -> int { return getpid() == 1 ? RunAll() : int{kNotPossible}; });
  });
  if (outcome == kNotPossible) GTEST_SKIP() << "no namespaces here";
  EXPECT_EQ(outcome, kAllWell);
}

TEST(RefusedCallsTest, F155_WithOneCore) {
  const int outcome = RunForked([]() -> int {
    cpu_set_t set, one;
    sched_getaffinity(0, sizeof(set), &set);
    CPU_ZERO(&one);
    for (int core = 0; CPU_COUNT(&one) == 0; ++core) {
      if (CPU_ISSET(core, &set)) CPU_SET(core, &one);
    }
    if (sched_setaffinity(0, sizeof(one), &one) != 0) return kNotPossible;
    return RunAll();
  });
  EXPECT_EQ(outcome, kAllWell);
}

TEST(RefusedCallsTest, F155_WithFewDescriptors) {
  if (UnderThreadSanitizer() || UnderAddressSanitizer()) GTEST_SKIP();
  for (rlim_t descriptors_max = 3; descriptors_max <= 32; ++descriptors_max) {
    const int outcome = RunForked([&]() -> int {
      for (int fd = 3; fd < 64; ++fd) close(fd);
      const rlimit few = {.rlim_cur = descriptors_max, .rlim_max = descriptors_max};
      setrlimit(RLIMIT_NOFILE, &few);
      return RunAll();
    });
    EXPECT_TRUE(outcome == kAllWell || outcome == kClearError)
        << descriptors_max << " descriptors: " << outcome;
    if (descriptors_max == 32) {
      EXPECT_EQ(outcome, kAllWell);
    }
  }
}

}  // namespace
}  // namespace troupe
