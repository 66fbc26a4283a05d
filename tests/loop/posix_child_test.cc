#include "troupe/loop/posix_child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/base/limits.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/fd.h"
#include "troupe/tests/loop/child_fixture.h"
#include "troupe/tests/loop/descriptor_limit.h"
#include "troupe/tests/loop/sanitizer.h"
#include "troupe/tests/loop/test_loop.h"

namespace troupe {
namespace {

using Probe = ChildProbe;
class PosixChildTest : public PosixChildFixture {};

TEST_F(PosixChildTest, OutputAndExitCodeArrive) {
  Probe probe;
  Run(Shell("echo out; echo err >&2; exit 7"), probe);
  EXPECT_EQ(probe.output, "out\n");
  EXPECT_EQ(probe.error, "err\n");
  EXPECT_TRUE(probe.status->known);
  EXPECT_EQ(probe.status->exit_code, 7);
  EXPECT_EQ(probe.status->signal, 0);
  EXPECT_EQ(loop_.poller().watch_count(), 0u);
  EXPECT_EQ(*count_, 0u);
  EXPECT_TRUE(AllReapedSoon());
}

TEST_F(PosixChildTest, TheNameIsSearchedInPathAndEnvironmentAndDirectoryApply) {
  Probe probe;
  Run({.argv = {"sh", "-c", "pwd; echo $TROUPE_A; echo $HOME"},
       .environment = {"TROUPE_A=b c", "HOME=/nowhere"},
       .directory = "/"},
      probe);
  EXPECT_EQ(probe.output, "/\nb c\n/nowhere\n");
}

TEST_F(PosixChildTest, F94_ManyChildrenEachEndExactlyOnce) {
  constexpr int kChildren = 200;
  std::vector<std::unique_ptr<Probe>> probes;
  std::vector<std::unique_ptr<ChildProcess>> children;
  int ended = 0;
  for (int i = 0; i < kChildren; ++i) {
    probes.push_back(std::make_unique<Probe>());
    probes.back()->on_exited = [&] { ++ended; };
    children.push_back(Start({.argv = {"/bin/true"}, .capture_output = false}, *probes.back()));
  }
  EXPECT_EQ(*count_, static_cast<uint32_t>(kChildren));
  ASSERT_TRUE(loop_.RunUntil([&] { return ended == kChildren; }));
  loop_.RunUntilIdle();
  for (const auto& probe : probes) EXPECT_EQ(probe->status->exit_code, 0);
  EXPECT_TRUE(AllReapedSoon());
}

TEST_F(PosixChildTest, TheBoundOfRunningChildrenIsResourceExhausted) {
  limits_.children_processes_max = 1;
  Probe first, second;
  auto child = Start({.argv = {"/bin/cat"}, .pipe_input = true}, first);
  EXPECT_EQ(Spawn({.argv = {"/bin/true"}}, second).status().code(),
            absl::StatusCode::kResourceExhausted);
  child.reset();
  EXPECT_TRUE(Spawn({.argv = {"/bin/true"}}, second).ok());
}

TEST_F(PosixChildTest, F95_SignalAfterTheEndIsNotFound) {
  Probe probe;
  auto child = Start({.argv = {"/bin/cat"}, .pipe_input = true}, probe);
  EXPECT_TRUE(child->Signal(SIGTERM).ok());
  // Ended but not yet told.
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child->pid()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(child->Signal(SIGTERM).code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  EXPECT_EQ(probe.status->signal, SIGTERM);
  EXPECT_EQ(probe.status->exit_code, -1);
  EXPECT_EQ(child->Signal(SIGTERM).code(), absl::StatusCode::kNotFound);
}

class ScratchFile {
 public:
  ScratchFile(const std::string& name, std::string_view text, mode_t mode)
      : path_(testing::TempDir() + "/" + name) {
    Fd fd(open(path_.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, mode));
    EXPECT_EQ(write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  ~ScratchFile() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST_F(PosixChildTest, F96_ExecFailureIsASynchronousErrorWithoutZombie) {
  ScratchFile not_executable("not_executable", "#!/bin/sh\n", 0644);
  ScratchFile no_format("no_format", "no format known to any kernel\n", 0755);
  const struct {
    ChildOptions options;
    absl::StatusCode code;
    std::string named;
  } cases[] = {
      {{.argv = {"/no/such/program"}}, absl::StatusCode::kNotFound, "/no/such/program"},
      {{.argv = {"no-such-program"}}, absl::StatusCode::kNotFound, "no-such-program"},
      {{.argv = {not_executable.path()}},
       absl::StatusCode::kPermissionDenied,
       not_executable.path()},
      {{.argv = {no_format.path()}}, absl::StatusCode::kInvalidArgument, no_format.path()},
      {{.argv = {"/bin/true", std::string(4 << 20, 'x')}},
       absl::StatusCode::kInvalidArgument,
       "/bin/true"},
      {{.argv = {"/bin/true"}, .directory = "/no/such/folder"},
       absl::StatusCode::kNotFound,
       "/no/such/folder"},
      {{.argv = {}}, absl::StatusCode::kInvalidArgument, "argv"},
      {{.argv = {"/bin/true", std::string("a\0b", 3)}},
       absl::StatusCode::kInvalidArgument,
       "zero byte"},
  };
  for (const auto& c : cases) {
    Probe probe;
    const absl::Status status = Spawn(c.options, probe).status();
    EXPECT_EQ(status.code(), c.code) << status;
    EXPECT_NE(std::string(status.message()).find(c.named), std::string::npos) << status;
    EXPECT_TRUE(AllReapedSoon());
  }
  EXPECT_EQ(loop_.poller().watch_count(), 0u);
  EXPECT_EQ(*count_, 0u);
}

TEST_F(PosixChildTest, F72_WithoutDescriptorsSpawnIsResourceExhausted) {
  if (SanitizerNeedsDescriptors()) GTEST_SKIP();
  int failures = 0;
  for (int spare = 0; spare < 12; ++spare) {
    DescriptorLimit few(spare);
    Probe probe;
    auto child = Spawn({.argv = {"/bin/true"}, .pipe_input = true}, probe);
    if (!child.ok()) {
      ++failures;
      EXPECT_EQ(child.status().code(), absl::StatusCode::kResourceExhausted) << child.status();
    }
    child = absl::UnknownError("destroyed");
    EXPECT_TRUE(AllReapedSoon());
  }
  EXPECT_GE(failures, 8);
  EXPECT_LT(failures, 12);
  EXPECT_EQ(loop_.poller().watch_count(), 0u);
}

// The lines of /proc/self/status as the child saw them.
std::map<std::string, std::string> ParseStatus(const std::string& text) {
  std::map<std::string, std::string> fields;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(":\t");
    if (colon != std::string::npos) fields[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return fields;
}

TEST_F(PosixChildTest, F97_TheChildInheritsNoDescriptors) {
  const Fd leaky(open("/dev/null", O_RDONLY));  // Without close-on-exec, as a host's may be.
  const Fd high(fcntl(leaky.get(), F_DUPFD, 251));
  Probe probe;
  // ls itself opens the folder it lists, as 3.
  Run({.argv = {"/bin/ls", "/proc/self/fd"}, .pipe_input = true}, probe);
  EXPECT_EQ(probe.output, "0\n1\n2\n3\n");
}

TEST_F(PosixChildTest, F97_TheChildHasDefaultSignalsAndAnEmptyMask) {
  struct sigaction ignore = {}, previous;
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGPIPE, &ignore, &previous), 0);
  sigset_t blocked, previous_mask;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, &previous_mask);
  Probe probe;
  Run({.argv = {"/bin/cat", "/proc/self/status"}}, probe);
  sigset_t mask_now;
  pthread_sigmask(SIG_SETMASK, &previous_mask, &mask_now);
  sigaction(SIGPIPE, &previous, nullptr);
  auto fields = ParseStatus(probe.output);
  EXPECT_EQ(fields["SigIgn"], "0000000000000000");
  EXPECT_EQ(fields["SigBlk"], "0000000000000000");
  EXPECT_EQ(sigismember(&mask_now, SIGUSR1), 1);
}

TEST_F(PosixChildTest, F97_TheChildHasASessionOfItsOwn) {
  Probe probe;
  // After the name in parentheses: state, parent, group, session.
  Run(Shell("read a b c d e f g < /proc/self/stat; echo $$ $f"), probe);
  std::istringstream words(probe.output);
  int pid = 0, session = 0;
  words >> pid >> session;
  EXPECT_EQ(pid, session) << probe.output;
  EXPECT_NE(session, getsid(0));
}

TEST_F(PosixChildTest, F97_ItWorksWithoutStandardDescriptorsOfOurOwn) {
  // In a process of its own, which has none.
  const pid_t pid = fork();
  if (pid == 0) {
    for (int fd = 0; fd < 3; ++fd) close(fd);
    TestLoop loop;
    Probe probe;
    Limits limits;
    const auto count = std::make_shared<std::atomic<uint32_t>>(0);
    auto child = PosixChild::Spawn(loop.poller(), Shell("cat; echo out; echo err >&2"), limits,
                                   count, &probe);
    const bool ended = child.ok() && loop.RunUntil([&] { return probe.status.has_value(); });
    _exit(ended && probe.output == "out\n" && probe.error == "err\n" ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_F(PosixChildTest, F98_AFloodIsToldInBoundedPieces) {
  limits_.child_output_bytes_max = 1000;
  Probe probe;
  Run(Shell("head -c 1000000 /dev/zero"), probe);
  EXPECT_EQ(probe.output.size(), 1'000'000u);
  EXPECT_LE(probe.largest, 1000u);
}

TEST_F(PosixChildTest, F98_HeldOutputWaitsInThePipe) {
  Probe probe;
  auto child = Start(Shell("yes"), probe);
  child->HoldOutput(false, true);
  Probe other;
  Run(Shell("head -c 1000000 /dev/zero"), other);
  EXPECT_TRUE(probe.output.empty());
  probe.on_output = [&] { child->HoldOutput(false, true); };
  child->HoldOutput(false, false);
  ASSERT_TRUE(loop_.RunUntil([&] { return !probe.output.empty(); }));
  const size_t told = probe.output.size();
  Probe another;
  Run(Shell("head -c 1000000 /dev/zero"), another);
  EXPECT_EQ(probe.output.size(), told);
  ASSERT_TRUE(child->Signal(SIGKILL).ok());
  // What is in the pipe then comes although it is held.
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  EXPECT_GT(probe.output.size(), told);
}

TEST_F(PosixChildTest, F98_AGrandchildThatHoldsThePipeDoesNotDelayTheExit) {
  Probe probe;
  Run(Shell("sleep 1000 & echo $!"), probe);
  EXPECT_EQ(probe.status->exit_code, 0);
  kill(std::stoi(probe.output), SIGKILL);
}

TEST_F(PosixChildTest, F98_OutputInThePipeComesBeforeTheExit) {
  Probe probe;
  auto child = Start(Shell("head -c 60000 /dev/zero; head -c 50 /dev/zero >&2"), probe);
  // All of it is there before the first look.
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child->pid()), &info, WEXITED | WNOWAIT), 0);
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  EXPECT_EQ(probe.output.size(), 60'000u);
  EXPECT_EQ(probe.largest, 60'000u) << "child_output_bytes_max has room for more in one piece";
  EXPECT_EQ(probe.error.size(), 50u);
}

TEST_F(PosixChildTest, InputIsWrittenAndClosed) {
  Probe probe;
  auto child = Start({.argv = {"/bin/cat", "/dev/stdin"}, .pipe_input = true}, probe);
  EXPECT_TRUE(child->WriteInput("hello ").ok());
  EXPECT_TRUE(child->WriteInput("child").ok());
  child->CloseInput();
  EXPECT_EQ(child->WriteInput("late").code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  EXPECT_EQ(probe.output, "hello child");
}

TEST_F(PosixChildTest, F98_AChildThatNeverReadsFillsABoundedQueue) {
  Probe probe;
  auto child = Start({.argv = {"/bin/sleep", "1000"}, .pipe_input = true}, probe);
  const std::string block(8192, 'x');
  absl::Status status;
  size_t written = 0;
  for (; status.ok() && written < (10u << 20); written += block.size()) {
    status = child->WriteInput(block);
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_LT(written, 64u * 1024 + limits_.child_output_bytes_max + 2 * block.size());
}

TEST_F(PosixChildTest, ALongInputGoesOutAsTheChildReads) {
  Probe probe;
  auto child = Start({.argv = {"/bin/cat"}, .pipe_input = true}, probe);
  const std::string block(8192, 'x');
  size_t written = 0;
  ASSERT_TRUE(loop_.RunUntil([&] {
    while (written < (1u << 20) && child->WriteInput(block).ok()) written += block.size();
    return written == (1u << 20);
  }));
  child->CloseInput();
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  EXPECT_EQ(probe.output.size(), written);
}

TEST_F(PosixChildTest, F98_F100_AChildThatClosesItsInputIsUnavailableAndNoSignal) {
  Probe probe;
  auto child = Start(
      {.argv = {"/bin/sh", "-c", "exec 0<&-; echo closed; sleep 1000"}, .pipe_input = true}, probe);
  ASSERT_TRUE(loop_.RunUntil([&] { return !probe.output.empty(); }));
  EXPECT_EQ(child->WriteInput("x").code(), absl::StatusCode::kUnavailable);
  loop_.RunUntilIdle();
  EXPECT_EQ(child->WriteInput("x").code(), absl::StatusCode::kUnavailable);
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST_F(PosixChildTest, WritingWithoutAPipeIsAFailedPrecondition) {
  Probe probe;
  auto child = Start({.argv = {"/bin/true"}}, probe);
  EXPECT_EQ(child->WriteInput("x").code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(PosixChildTest, F99_AChildThatIgnoresTermIsKilled) {
  Probe probe;
  auto child = Start(Shell("trap '' TERM; echo ready; while :; do sleep 0.01; done"), probe);
  ASSERT_TRUE(loop_.RunUntil([&] { return !probe.output.empty(); }));
  EXPECT_TRUE(child->Signal(SIGTERM).ok());
  EXPECT_TRUE(child->Signal(0).ok());
  EXPECT_TRUE(child->Signal(SIGKILL).ok());
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  EXPECT_EQ(probe.status->signal, SIGKILL);
}

TEST_F(PosixChildTest, F99_KillWithParentEndsItWithTheThreadThatStartedIt) {
  Probe probe;
  std::unique_ptr<ChildProcess> child;
  std::thread starter([&] {
    child = Start({.argv = {"/bin/sleep", "1000"}, .kill_with_parent = true}, probe);
  });
  starter.join();
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  EXPECT_EQ(probe.status->signal, SIGKILL);
}

TEST_F(PosixChildTest, DestroyedWhileItRunsItIsKilledAndReaped) {
  Probe probe;
  auto child = Start({.argv = {"/bin/sleep", "1000"}}, probe);
  child.reset();
  EXPECT_TRUE(AllReapedSoon());
  EXPECT_EQ(loop_.poller().watch_count(), 0u);
  EXPECT_FALSE(probe.status.has_value());
}

// Traces a process: its end is then told to the tracer first, and to its parent once that is gone.
class Tracer {
 public:
  explicit Tracer(pid_t traced) {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    const Fd seen(fds[0]);
    const Fd tells(fds[1]);
    pid_ = fork();
    if (pid_ == 0) {
      const char traces = ptrace(PTRACE_SEIZE, traced, nullptr, nullptr) == 0 ? 'y' : 'n';
      if (write(tells.get(), &traces, 1) != 1) _exit(1);
      while (true) pause();
    }
    char traces = 'n';
    EXPECT_EQ(read(seen.get(), &traces, 1), 1);
    traces_ = traces == 'y';
  }
  ~Tracer() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  bool traces() const { return traces_; }

 private:
  pid_t pid_ = 0;
  bool traces_ = false;
};

TEST_F(PosixChildTest, F99_AChildWhoseEndIsLongInComingIsReapedBySomebodyElse) {
  Probe probe;
  auto child = Start({.argv = {"/bin/sleep", "1000"}}, probe);
  {
    const Tracer tracer(child->pid());
    if (!tracer.traces()) GTEST_SKIP() << "processes may not be traced here";
    child.reset();
    EXPECT_EQ(*count_, 1u) << "its place is not free yet";
    // While one takes its time, nobody waits for another.
    auto other = Start({.argv = {"/bin/sleep", "1000"}}, probe);
    other.reset();
  }
  EXPECT_TRUE(AllReapedSoon());
  while (*count_ > 0) std::this_thread::yield();
}

// By another thread, which knows nothing of descriptors that are made meanwhile.
TEST_F(PosixChildTest, F96_AForkMeanwhileDelaysNoExec) {
  if (UnderThreadSanitizer()) GTEST_SKIP() << "it makes a fork() of each vfork()";
  constexpr size_t kForks = 50;
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
  const Fd end(fds[0]);
  Fd lives(fds[1]);
  std::atomic<bool> over{false};
  std::vector<pid_t> forked;
  std::thread forks([&] {
    while (!over && forked.size() < kForks) {
      const pid_t pid = fork();
      if (pid < 0) return;
      if (pid == 0) {
        close(lives.get());
        char ignored;
        _exit(static_cast<int>(read(end.get(), &ignored, 1)));
      }
      forked.push_back(pid);
    }
    over = true;
  });
  bool all_ended = true;
  while (!over && all_ended) {
    Probe probe;
    auto child = Start({.argv = {"/bin/true"}, .capture_output = false}, probe);
    all_ended = loop_.RunUntil([&] { return probe.status.has_value(); });
  }
  EXPECT_TRUE(all_ended);
  over = true;
  forks.join();
  lives.Reset();
  for (const pid_t pid : forked) EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
}

TEST_F(PosixChildTest, TheHandlerMayDestroyTheChildInEachCall) {
  for (const char* script : {"echo x; sleep 1000", "echo x", "echo x >&2"}) {
    Probe probe;
    auto child = Start(Shell(script), probe);
    probe.on_output = [&] { child.reset(); };
    ASSERT_TRUE(loop_.RunUntil([&] { return child == nullptr; }));
    loop_.RunUntilIdle();
    EXPECT_FALSE(probe.status.has_value());
  }
  Probe probe;
  auto child = Start({.argv = {"/bin/true"}}, probe);
  probe.on_exited = [&] { child.reset(); };
  ASSERT_TRUE(loop_.RunUntil([&] { return child == nullptr; }));
  EXPECT_TRUE(AllReapedSoon());
}

TEST_F(PosixChildTest, F102_AChildSomebodyElseReapedEndsWithStatusUnknown) {
  Probe probe;
  auto child = Start({.argv = {"/bin/true"}}, probe);
  ASSERT_EQ(waitpid(child->pid(), nullptr, 0), child->pid());
  EXPECT_EQ(child->Signal(SIGKILL).code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  EXPECT_FALSE(probe.status->known);
}

TEST_F(PosixChildTest, F102_WithSigchldIgnoredTheStatusIsUnknownAndNothingHangs) {
  struct sigaction ignore = {}, previous;
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGCHLD, &ignore, &previous), 0);
  for (int i = 0; i < 20; ++i) {
    Probe probe;
    Run({.argv = {"/bin/true"}}, probe);
    EXPECT_FALSE(probe.status->known);
    EXPECT_FALSE(Spawn({.argv = {"/no/such/program"}}, probe).ok());
    Probe destroyed;
    Start({.argv = {"/bin/sleep", "1000"}}, destroyed).reset();
  }
  sigaction(SIGCHLD, &previous, nullptr);
}

}  // namespace
}  // namespace troupe
