#include "troupe/loop/process_signals.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <ctime>

#include "troupe/loop/posix_error.h"
#include "troupe/loop/signal_number.h"

namespace troupe {
namespace {

// What TakeNote() may touch: it runs in any thread, between any two instructions of it.
struct Notes {
  std::atomic<int> event_fd{-1};
  std::atomic<uint64_t> signals{0};  // Bit n: signal n + 1.
  std::atomic<int> sender_pids[kSignalMax + 1];
};
Notes notes;

uint64_t BitOf(int signal) { return uint64_t{1} << (signal - 1); }

// The handler. Only async-signal-safe calls.
void TakeNote(int signal, siginfo_t* info, void*) {
  const int saved_errno = errno;
  notes.sender_pids[signal].store(info->si_pid, std::memory_order_relaxed);
  // Release: pairs with the read-modify-write in HandOutRaised(), which then sees the sender.
  notes.signals.fetch_or(BitOf(signal), std::memory_order_release);
  eventfd_write(notes.event_fd.load(std::memory_order_relaxed), 1);
  errno = saved_errno;
}

bool IsOurs(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == &TakeNote;
}

bool IsDefault(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
}

// By default.
bool EndsProcess(int signal) {
  return signal != SIGCHLD && signal != SIGCONT && signal != SIGURG && signal != SIGWINCH &&
         signal != SIGTSTP && signal != SIGTTIN && signal != SIGTTOU;
}

// So that a signal meant for a listener does not hit whoever unblocks it next.
void DropPending(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  const timespec at_once = {};
  while (sigtimedwait(&set, nullptr, &at_once) > 0) {
  }
  notes.signals.fetch_and(~BitOf(signal), std::memory_order_relaxed);
}

}  // namespace

ProcessSignals& ProcessSignals::Get() {
  static ProcessSignals* const signals = new ProcessSignals;
  return *signals;
}

absl::StatusOr<Fd> ProcessSignals::Raised() {
  MutexLock lock(mutex_);
  int event_fd = notes.event_fd.load(std::memory_order_relaxed);
  if (event_fd < 0) {
    event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_fd < 0) return StatusFromErrno(errno, "eventfd");
    notes.event_fd.store(event_fd, std::memory_order_relaxed);
  }
  // A poller watches a descriptor once.
  Fd own(fcntl(event_fd, F_DUPFD_CLOEXEC, 0));
  if (!own.valid()) return StatusFromErrno(errno, "fcntl");
  return own;
}

void ProcessSignals::HandOutRaised() {
  MutexLock lock(mutex_);
  eventfd_t ignored;
  eventfd_read(notes.event_fd.load(std::memory_order_relaxed), &ignored);
  // Each of many subscriptions comes here for one signal.
  uint64_t raised = notes.signals.load(std::memory_order_relaxed);
  for (; raised != 0; raised &= raised - 1) {
    const int signal = std::countr_zero(raised) + 1;
    if (!IsHeard(signal)) continue;
    // Acquire: pairs with the one in TakeNote().
    if ((notes.signals.fetch_and(~BitOf(signal), std::memory_order_acquire) & BitOf(signal)) == 0) {
      continue;
    }
    const int sender_pid = notes.sender_pids[signal].load(std::memory_order_relaxed);
    for (SignalListener* const listener : listeners_) {
      if (listener->Wants(signal)) listener->Hand(signal, sender_pid);
    }
  }
}

void ProcessSignals::Catch(int signal) {
  MutexLock lock(mutex_);
  CatchLocked(signal);
}

bool ProcessSignals::CatchIfFatal(int signal) {
  MutexLock lock(mutex_);
  struct sigaction action;
  if (notes.event_fd.load(std::memory_order_relaxed) < 0) return false;
  if (!EndsProcess(signal) || sigaction(signal, nullptr, &action) != 0) return false;
  const Caught& caught = caught_[static_cast<size_t>(signal)];
  if (!IsDefault(caught.count > 0 ? caught.previous_action : action)) return false;
  CatchLocked(signal);
  return true;
}

void ProcessSignals::CatchLocked(int signal) {
  Caught& caught = caught_[static_cast<size_t>(signal)];
  if (caught.count++ > 0) return;
  struct sigaction action = {};
  action.sa_sigaction = &TakeNote;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, &caught.previous_action);
}

void ProcessSignals::Release(int signal) {
  MutexLock lock(mutex_);
  Caught& caught = caught_[static_cast<size_t>(signal)];
  if (--caught.count > 0) return;
  DropPending(signal);
  // Whoever has set another action since keeps it.
  struct sigaction action;
  if (sigaction(signal, nullptr, &action) != 0 || !IsOurs(action)) return;
  sigaction(signal, &caught.previous_action, nullptr);
}

void ProcessSignals::Join(SignalListener& listener) {
  MutexLock lock(mutex_);
  listeners_.push_back(&listener);
  // For what was noted while nobody listened.
  if (notes.signals.load(std::memory_order_relaxed) != 0) {
    eventfd_write(notes.event_fd.load(std::memory_order_relaxed), 1);
  }
}

void ProcessSignals::Leave(SignalListener& listener, const std::vector<int>& signals) {
  MutexLock lock(mutex_);
  std::erase(listeners_, &listener);
  for (const int signal : signals) {
    if (!IsHeard(signal)) DropPending(signal);
  }
}

bool ProcessSignals::IsHeard(int signal) const {
  return std::any_of(listeners_.begin(), listeners_.end(),
                     [signal](const SignalListener* each) { return each->Wants(signal); });
}

void ProcessSignals::Forward(const SignalListener& reader, int signal, int sender_pid) {
  MutexLock lock(mutex_);
  for (SignalListener* const other : listeners_) {
    if (other != &reader && other->Wants(signal)) other->Hand(signal, sender_pid);
  }
}

}  // namespace troupe
