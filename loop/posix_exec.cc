#include "troupe/loop/posix_exec.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "troupe/base/printable.h"
#include "troupe/base/status_macros.h"
#include "troupe/base/text.h"
#include "troupe/loop/core_pin.h"
#include "troupe/loop/posix_error.h"

namespace troupe {
namespace {

// Where the child keeps the report pipe while it closes everything above.
constexpr int kReportFd = 3;

// All that the child needs, made before it exists, since it must not allocate.
struct Plan {
  std::vector<std::string> programs;  // Tried in this order, as execvp does.
  std::vector<char*> argv;
  std::vector<std::string> environment;
  std::vector<char*> envp;
  const char* directory = nullptr;
  bool kill_with_parent = false;
  pid_t parent = 0;
  int input = -1;  // The child's ends; -1 leaves what this process has.
  int output = -1;
  int error = -1;
  int report = -1;
  int descriptors_end = 0;         // None has this number or a higher one.
  volatile bool seen = false;      // Set by the child, if this is its parent's memory too.
  std::optional<cpu_set_t> cores;  // Those that this thread has of its own.
};

// What the child tells when it could not become the program.
struct Report {
  enum Step : int { kSetUp, kDirectory, kProgram };
  Step step;
  int error;
};

[[noreturn]] void Fail(const Plan& plan, Report::Step step, int report_fd) {
  const Report report{step, errno};
  // A pipe that holds nothing takes these few bytes at once and whole.
  if (write(report_fd, &report, sizeof(report)) < 0) _exit(126);
  _exit(127);
}

// By the bare system call: the library's refuses the two signals that it keeps for itself, and
// those may have come here ignored.
void ResetSignals() {
  const char default_action[64] = {};  // All zero is SIG_DFL, with no flags and no mask.
  for (int signal = 1; signal <= 64; ++signal) {
    syscall(SYS_rt_sigaction, signal, default_action, nullptr, size_t{8});
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool MoveTo(int from, int to) { return from < 0 || dup2(from, to) >= 0; }

void ExecFirstOf(const Plan& plan) {
  int error = ENOENT;
  for (const std::string& program : plan.programs) {
    execve(program.c_str(), plan.argv.data(), plan.envp.data());
    if (errno == EACCES) error = EACCES;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return;
    if (plan.programs.size() == 1) return;
  }
  errno = error;
}

// Not the library's closefrom(): it aborts where the kernel refuses close_range() and there is no
// /proc.
void CloseFrom(int low, int end) {
  if (syscall(SYS_close_range, low, ~0u, 0) == 0) return;
  const int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    for (int fd = low; fd < end; ++fd) close(fd);
    return;
  }
  alignas(dirent64) char entries[4096];
  for (;;) {
    const ssize_t bytes = syscall(SYS_getdents64, folder, entries, sizeof(entries));
    if (bytes <= 0) break;
    for (ssize_t at = 0; at < bytes;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(entries + at);
      at += entry->d_reclen;
      const int fd = atoi(entry->d_name);  // 0 for "." and "..".
      if (fd >= low && fd != folder) close(fd);
    }
  }
  if (folder >= low) close(folder);
}

// The child, in its parent's memory: changes nothing else of it, and never returns.
[[noreturn]] void RunChild(Plan& plan) {
  plan.seen = true;
  if (setsid() < 0) Fail(plan, Report::kSetUp, plan.report);
  // Best effort: where the kernel refuses, the child has the cores of this thread.
  if (plan.cores.has_value()) sched_setaffinity(0, sizeof(*plan.cores), &*plan.cores);
  if (plan.kill_with_parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) Fail(plan, Report::kSetUp, plan.report);
    if (getppid() != plan.parent) _exit(127);  // It had ended before the kernel knew.
  }
  if (!MoveTo(plan.input, 0) || !MoveTo(plan.output, 1) || !MoveTo(plan.error, 2) ||
      dup3(plan.report, kReportFd, O_CLOEXEC) < 0) {
    Fail(plan, Report::kSetUp, plan.report);
  }
  CloseFrom(kReportFd + 1, plan.descriptors_end);
  if (plan.directory != nullptr && chdir(plan.directory) != 0) {
    Fail(plan, Report::kDirectory, kReportFd);
  }
  ResetSignals();
  ExecFirstOf(plan);
  Fail(plan, Report::kProgram, kReportFd);
}

// For an error, which a person reads.
std::string Named(const std::string& text) { return Printable(text, 200); }

bool HasZeroByte(const std::string& text) { return text.find('\0') != std::string::npos; }

absl::Status CheckOptions(const ChildOptions& options) {
  if (options.argv.empty() || options.argv[0].empty()) {
    return absl::InvalidArgumentError("a child needs argv[0]");
  }
  if (std::any_of(options.argv.begin(), options.argv.end(), HasZeroByte) ||
      std::any_of(options.environment.begin(), options.environment.end(), HasZeroByte) ||
      HasZeroByte(options.directory)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a zero byte in an argument of ", Named(options.argv[0])));
  }
  return absl::OkStatus();
}

std::vector<std::string> ProgramsFor(const std::string& name) {
  if (name.find('/') != std::string::npos) return {name};
  const char* path = getenv("PATH");
  std::vector<std::string> programs;
  for (const auto& folder : absl::StrSplit(path != nullptr ? path : "/bin:/usr/bin", ':')) {
    programs.push_back(folder.empty() ? absl::StrCat("./", name) : absl::StrCat(folder, "/", name));
  }
  return programs;
}

std::string_view NameOf(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

// This process's variables, with those that `additions` names replaced.
std::vector<std::string> MergedEnvironment(const std::vector<std::string>& additions) {
  std::vector<std::string> merged;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const auto replaced = [name = NameOf(*variable)](const std::string& addition) {
      return NameOf(addition) == name;
    };
    if (std::none_of(additions.begin(), additions.end(), replaced)) merged.push_back(*variable);
  }
  merged.insert(merged.end(), additions.begin(), additions.end());
  return merged;
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Above the descriptors that the child rearranges, so that none of its steps overwrites one.
absl::StatusOr<Fd> AboveReport(Fd fd) {
  if (fd.get() > kReportFd) return fd;
  Fd moved(fcntl(fd.get(), F_DUPFD_CLOEXEC, kReportFd + 1));
  if (!moved.valid()) return StatusFromErrno(errno, "fcntl");
  return moved;
}

struct Pipe {
  Fd read;
  Fd write;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return StatusFromErrno(errno, "pipe2");
  Fd read(fds[0]), write(fds[1]);
  TROUPE_ASSIGN_OR_RETURN(read, AboveReport(std::move(read)));
  TROUPE_ASSIGN_OR_RETURN(write, AboveReport(std::move(write)));
  return Pipe{std::move(read), std::move(write)};
}

void SetNonBlocking(const Fd& fd) { fcntl(fd.get(), F_SETFL, O_NONBLOCK); }

// The child's ends of its standard descriptors; closed here once it has them.
struct ChildEnds {
  Fd input;
  Fd output;
  Fd error;
};

absl::Status MakeEnds(const ChildOptions& options, StartedChild& ours, ChildEnds& theirs) {
  if (options.pipe_input) {
    TROUPE_ASSIGN_OR_RETURN(Pipe input, MakePipe());
    theirs.input = std::move(input.read);
    ours.input = std::move(input.write);
    SetNonBlocking(ours.input);
  } else {
    Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null.valid()) return StatusFromErrno(errno, "open of /dev/null");
    TROUPE_ASSIGN_OR_RETURN(theirs.input, AboveReport(std::move(null)));
  }
  if (!options.capture_output) return absl::OkStatus();
  TROUPE_ASSIGN_OR_RETURN(Pipe output, MakePipe());
  TROUPE_ASSIGN_OR_RETURN(Pipe error, MakePipe());
  theirs.output = std::move(output.write);
  theirs.error = std::move(error.write);
  ours.output = std::move(output.read);
  ours.error = std::move(error.read);
  SetNonBlocking(ours.output);
  SetNonBlocking(ours.error);
  return absl::OkStatus();
}

// With all signals blocked, so that none of this process's handlers runs in the child, on the
// memory of both.
int ForkAndRun(Plan& plan) {
  sigset_t all, previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  // NOLINTNEXTLINE(bugprone-unsafe-functions): see StartChild() on why not posix_spawn().
  const pid_t pid = vfork();
  if (pid == 0) RunChild(plan);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  errno = error;
  return pid;
}

// The kernel's own bound, unless somebody raised it.
int DescriptorsEnd() {
  constexpr rlim_t kMost = 1 << 20;
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMost;
  return static_cast<int>(std::min(limit.rlim_max, kMost));
}

// Whether the child wrote a report; the pipe's end without one means that the program runs, and so
// does an empty pipe that does not block.
bool ReadReport(const Fd& fd, Report& report) {
  ssize_t bytes;
  do {
    bytes = read(fd.get(), &report, sizeof(report));
  } while (bytes < 0 && errno == EINTR);
  return bytes == sizeof(report);
}

void Reap(pid_t pid) {
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

absl::Status ReportedError(const Report& report, const ChildOptions& options) {
  switch (report.step) {
    case Report::kDirectory:
      return StatusFromErrno(report.error, absl::StrCat("chdir to ", Named(options.directory)));
    case Report::kProgram:
      return StatusFromErrno(report.error, absl::StrCat("exec of ", Named(options.argv[0])));
    case Report::kSetUp:
      break;
  }
  return StatusFromErrno(report.error, absl::StrCat("set-up of ", Named(options.argv[0])));
}

}  // namespace

absl::StatusOr<StartedChild> StartChild(const ChildOptions& options) {
  TROUPE_RETURN_IF_ERROR(CheckOptions(options));
  StartedChild started;
  ChildEnds ends;
  TROUPE_RETURN_IF_ERROR(MakeEnds(options, started, ends));
  TROUPE_ASSIGN_OR_RETURN(Pipe report_pipe, MakePipe());

  Plan plan{.programs = ProgramsFor(options.argv[0]),
            .argv = Pointers(options.argv),
            .environment = MergedEnvironment(options.environment),
            .directory = options.directory.empty() ? nullptr : options.directory.c_str(),
            .kill_with_parent = options.kill_with_parent,
            .parent = getpid(),
            .input = ends.input.get(),
            .output = ends.output.get(),
            .error = ends.error.get(),
            .report = report_pipe.write.get(),
            .descriptors_end = DescriptorsEnd(),
            .cores = OwnCores()};
  plan.envp = Pointers(plan.environment);

  const pid_t pid = ForkAndRun(plan);
  if (pid < 0) return StatusFromErrno(errno, absl::StrCat("fork of ", Named(options.argv[0])));
  report_pipe.write.Reset();
  // The child has gone its way or written its report before vfork() returned, unless a tool made
  // that a fork(). Only then is there something to wait for: a process that another thread forked
  // meanwhile may hold the pipe open for as long as it likes.
  if (plan.seen) SetNonBlocking(report_pipe.read);
  if (Report report; ReadReport(report_pipe.read, report)) {
    Reap(pid);
    return ReportedError(report, options);
  }
  absl::StatusOr<PosixProcess> process = PosixProcess::Watch(pid);
  if (!process.ok()) {
    kill(pid, SIGKILL);
    Reap(pid);
    return process.status();
  }
  started.process = *std::move(process);
  return started;
}

}  // namespace troupe
