#include "troupe/sim/seeds/seed_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <utility>

#include "absl/base/config.h"
#include "absl/strings/str_cat.h"
#include "troupe/base/check.h"
#include "troupe/base/text.h"

// Only where the program is built with it.
extern "C" int __lsan_do_recoverable_leak_check() __attribute__((weak));

namespace troupe {
namespace {

constexpr size_t kReadBytes = 1 << 16;

#ifdef ABSL_HAVE_THREAD_SANITIZER
constexpr size_t kOwnThreads = 2;  // It has one of its own.
#else
constexpr size_t kOwnThreads = 1;
#endif

// What a frame holds, by its first byte.
constexpr char kChoice = 'c';  // A report with one choice of the run that is being made.
constexpr char kReport = 'r';

void WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) _exit(1);  // Nobody reads any more.
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

void WriteFrame(int fd, char kind, const RunReport& report) {
  const std::string bytes = kind + report.Encode();
  const uint64_t size = bytes.size();
  WriteAll(fd, {reinterpret_cast<const char*>(&size), sizeof(size)});
  WriteAll(fd, bytes);
}

// Takes one whole frame from the beginning of `bytes`, if there is one.
std::optional<std::string> Unframe(std::string& bytes) {
  uint64_t size = 0;
  if (bytes.size() < sizeof(size)) return std::nullopt;
  std::memcpy(&size, bytes.data(), sizeof(size));
  if (bytes.size() - sizeof(size) < size) return std::nullopt;
  std::string frame = bytes.substr(sizeof(size), size);
  bytes.erase(0, sizeof(size) + size);
  return frame;
}

size_t ThreadCount() {
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(threads), end(threads)));
}

}  // namespace

SeedProcess::SeedProcess(uint64_t next, uint64_t end, uint64_t stride, const Job& job)
    : end_(end), stride_(stride), next_(next), last_look_(Clock::now()) {
  TROUPE_CHECK_MSG(
      ThreadCount() <= kOwnThreads,
      StdView(absl::StrCat("runs are made in copies of this process, which has ", ThreadCount(),
                           " threads: a copy has only this one, and none of what others hold")));
  int ends[2];
  TROUPE_CHECK_MSG(pipe2(ends, O_CLOEXEC) == 0, "pipe2 failed");
  // What is buffered would be printed twice.
  std::fflush(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  TROUPE_CHECK_MSG(pid_ >= 0, "fork failed");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    close(ends[0]);
    Serve(ends[1], job);
  }
  close(ends[1]);
  fd_ = ends[0];
  fcntl(fd_, F_SETFL, O_NONBLOCK);
}

SeedProcess::~SeedProcess() {
  if (fd_ >= 0) close(fd_);
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

// An exception ends the run, and must not go on in a copy of whoever made this process.
void SeedProcess::Serve(int out, const Job& job) noexcept {
  const auto made = [out](const SimChoice& choice) {
    RunReport only;
    only.choices.push_back(choice);
    WriteFrame(out, kChoice, only);
  };
  for (uint64_t seed = next_; seed < end_; seed += stride_) {
    RunReport report = job(seed, made);
    if (__lsan_do_recoverable_leak_check != nullptr && seed + stride_ >= end_ &&
        __lsan_do_recoverable_leak_check() != 0) {
      report.wrong.push_back("memory is leaked, by this run or one before it");
    }
    std::fflush(nullptr);
    WriteFrame(out, kReport, report);
  }
  _exit(0);
}

bool SeedProcess::Take(const std::function<void(RunReport)>& done) {
  char buffer[kReadBytes];
  ssize_t count = 0;
  while ((count = read(fd_, buffer, sizeof(buffer))) > 0 || (count < 0 && errno == EINTR)) {
    if (count > 0) received_.append(buffer, static_cast<size_t>(count));
  }
  const bool ended = count == 0;
  while (std::optional<std::string> frame = Unframe(received_)) {
    RunReport report = RunReport::Decode(std::string_view(*frame).substr(1));
    if (frame->front() == kChoice) {
      made_.push_back(std::move(report.choices.front()));
      continue;
    }
    run_time_ = {};
    next_ += stride_;
    made_.clear();
    done(std::move(report));
  }
  if (!ended) return true;
  if (!over()) done(BadEnd());
  return false;
}

RunReport SeedProcess::BadEnd() {
  RunReport report;
  report.seed = next_;
  report.ended_badly = true;
  report.hung = hung_;
  report.choices = std::exchange(made_, {});
  next_ += stride_;
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  if (hung_) {
    report.wrong.push_back("the run did not end, and was killed");
  } else if (WIFSIGNALED(status)) {
    report.wrong.push_back(
        absl::StrCat("the process was ended by a signal: ", strsignal(WTERMSIG(status))));
  } else {
    report.wrong.push_back(
        absl::StrCat("the process ended in the run, with code ", WEXITSTATUS(status)));
  }
  return report;
}

void SeedProcess::KillIfHung(std::chrono::seconds time_max) {
  constexpr Clock::duration kPauseMax = std::chrono::seconds(1);
  const Clock::time_point now = Clock::now();
  run_time_ += std::min(now - std::exchange(last_look_, now), kPauseMax);
  if (run_time_ < time_max || over()) return;
  hung_ = true;
  kill(pid_, SIGKILL);
}

}  // namespace troupe
