#include "troupe/loop/posix_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "troupe/base/logging.h"
#include "troupe/base/status_macros.h"
#include "troupe/loop/posix_error.h"
#include "troupe/loop/posix_thread.h"

namespace troupe {
namespace {

// Processes that a thread of ReapLater() waits for. A hint: orders nothing.
std::atomic<int> reaped_later_count{0};

int WaitIdAgain(idtype_t type, id_t id, siginfo_t& info, int options) {
  int result;
  do {
    info = {};
    result = waitid(type, id, &info, options);
  } while (result != 0 && errno == EINTR);
  return result;
}

// A pipe that hangs up when process `pid` has ended.
absl::StatusOr<Fd> EndOf(pid_t pid) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return StatusFromErrno(errno, "pipe2");
  Fd end(fds[0]);
  TROUPE_ASSIGN_OR_RETURN(
      PosixThread waiting,
      PosixThread::Start({.name = "child-wait"}, [pid, other_end = Fd(fds[1])]() mutable {
        siginfo_t info;
        WaitIdAgain(P_PID, static_cast<id_t>(pid), info, WEXITED | WNOWAIT);
        other_end.Reset();
      }));
  waiting.Detach();
  return end;
}

}  // namespace

absl::StatusOr<PosixProcess> PosixProcess::Watch(pid_t pid) {
  PosixProcess process;
  process.pid_ = pid;
  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  siginfo_t info;
  int error = errno;
  if (pidfd.valid()) {
    if (WaitIdAgain(P_PIDFD, static_cast<id_t>(pidfd.get()), info, WEXITED | WNOHANG | WNOWAIT) ==
        0) {
      process.has_pidfd_ = true;
      process.end_ = std::move(pidfd);
      return process;
    }
    error = errno;
  }
  if (error == ESRCH || error == ECHILD) return process;
  if (IsOutOfResources(error)) return StatusFromErrno(error, "pidfd_open");
  // A kernel without it, or one that is told to refuse it.
  TROUPE_ASSIGN_OR_RETURN(process.end_, EndOf(pid));
  return process;
}

bool PosixProcess::HasEnded() const {
  ChildStatus ignored;
  return lost() || Wait(/*block=*/false, ignored);
}

int PosixProcess::Signal(int signal) const {
  if (HasEnded()) return ESRCH;
  if (has_pidfd_) {
    if (syscall(SYS_pidfd_send_signal, end_.get(), signal, nullptr, 0) == 0) return 0;
    if (errno == ESRCH) return ESRCH;
  }
  // Not reaped: the number is still its own.
  return kill(pid_, signal) == 0 ? 0 : errno;
}

// Its leader, ended or not, is not reaped, and so the group's number is no other's.
int PosixProcess::SignalGroup(int signal) const {
  ChildStatus status;
  if (lost() || (Wait(/*block=*/false, status) && !status.known)) return ESRCH;
  return kill(-pid_, signal) == 0 ? 0 : errno;
}

bool PosixProcess::Reap(bool block, ChildStatus& status) {
  if (!WaitId(block, /*reap=*/true, status)) return false;
  end_.Reset();
  return true;
}

void PosixProcess::AwaitEnd(absl::Duration wait) const {
  pollfd end = {.fd = end_.get(), .events = POLLIN, .revents = 0};
  const timespec at_most = absl::ToTimespec(wait);
  // Signals wait: this is short.
  sigset_t all;
  sigfillset(&all);
  ppoll(&end, 1, &at_most, &all);
}

bool PosixProcess::WaitId(bool block, bool reap, ChildStatus& status) const {
  status = {.known = false};
  if (lost()) return true;
  siginfo_t info;
  const int options = WEXITED | (block ? 0 : WNOHANG) | (reap ? 0 : WNOWAIT);
  const int result = has_pidfd_ ? WaitIdAgain(P_PIDFD, static_cast<id_t>(end_.get()), info, options)
                                : WaitIdAgain(P_PID, static_cast<id_t>(pid_), info, options);
  if (result != 0) return true;
  if (info.si_pid == 0) return false;
  if (info.si_code == CLD_EXITED) {
    status = {.exit_code = info.si_status};
  } else {
    status = {.signal = info.si_status};
  }
  return true;
}

void ReapLater(PosixProcess process, ChildPlace place) {
  const pid_t pid = process.pid();
  reaped_later_count.fetch_add(1, std::memory_order_relaxed);
  absl::StatusOr<PosixThread> waiting = PosixThread::Start(
      {.name = "child-reap"}, [process = std::move(process), place = std::move(place)]() mutable {
        ChildStatus ignored;
        process.Reap(/*block=*/true, ignored);
        reaped_later_count.fetch_sub(1, std::memory_order_relaxed);
      });
  if (!waiting.ok()) {
    reaped_later_count.fetch_sub(1, std::memory_order_relaxed);
    TROUPE_LOG(kError, "process ", pid, " is not reaped: ", waiting.status().message());
    return;
  }
  waiting->Detach();
}

bool AnyReapedLater() { return reaped_later_count.load(std::memory_order_relaxed) > 0; }

}  // namespace troupe
