#include "troupe/loop/posix_signals.h"

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/status_macros.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/liveness.h"
#include "troupe/loop/posix_error.h"

namespace troupe {
namespace {

constexpr int kSignalMax = 64;

sigset_t SetOf(const std::vector<int>& signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

// What this thread blocks and did not with `previous`.
sigset_t NewlyBlocked(const sigset_t& previous) {
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  for (int signal = 1; signal <= kSignalMax; ++signal) {
    if (sigismember(&previous, signal) == 1) sigdelset(&mask, signal);
  }
  return mask;
}

bool IsBlockedHere(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

// Runs in a thread that does not block `signal`: blocks it there from the return on, and sends it
// to the process again, for a signalfd to read. Only async-signal-safe calls.
void PassOn(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  sigaddset(&static_cast<ucontext_t*>(context)->uc_sigmask, signal);
  siginfo_t again = *info;
  again.si_code = SI_QUEUE;  // The kernel lets nobody say SI_USER; the sender's pid stays.
  if (syscall(SYS_rt_sigqueueinfo, getpid(), signal, &again) != 0) kill(getpid(), signal);
  errno = saved_errno;
}

// So that a signal meant for a subscription does not hit whoever unblocks it next.
void DiscardPending(const sigset_t& set) {
  const timespec at_once = {};
  while (sigtimedwait(&set, nullptr, &at_once) > 0) {
  }
}

absl::Status CheckCatchable(const std::vector<int>& signals) {
  for (const int signal : signals) {
    struct sigaction action;
    if (signal < 1 || signal > kSignalMax || signal == SIGKILL || signal == SIGSTOP ||
        sigaction(signal, nullptr, &action) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("signal ", signal, " cannot be caught"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

// What one caller of Catch() waits for, in its poller twice: its signalfd, and the eventfd by
// which other subscriptions hand signals over.
class PosixSignals::Subscription final : public SignalSource, private FdHandler {
 public:
  Subscription(PosixSignals& owner, PosixPoller& poller, std::vector<int> signals,
               SignalHandler* handler)
      : owner_(owner), poller_(poller), signals_(std::move(signals)), handler_(*handler) {}

  ~Subscription() override {
    poller_.Remove(signal_watch_);
    poller_.Remove(handed_watch_);
    if (joined_) owner_.Leave(*this);
  }

  absl::Status Start() {
    const sigset_t set = SetOf(signals_);
    signal_fd_.Reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signal_fd_.valid()) return StatusFromErrno(errno, "signalfd");
    handed_fd_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!handed_fd_.valid()) return StatusFromErrno(errno, "eventfd");
    TROUPE_ASSIGN_OR_RETURN(signal_watch_, poller_.Add(signal_fd_.get(), kReadable, this));
    TROUPE_ASSIGN_OR_RETURN(handed_watch_, poller_.Add(handed_fd_.get(), kReadable, this));
    joined_ = true;
    owner_.Join(*this);
    return absl::OkStatus();
  }

  const std::vector<int>& signals() const { return signals_; }
  bool Wants(int signal) const {
    return std::find(signals_.begin(), signals_.end(), signal) != signals_.end();
  }

  // Thread: any.
  void Hand(int signal, int sender_pid) {
    Note(signal, sender_pid);
    eventfd_write(handed_fd_.get(), 1);
  }

 private:
  struct Pending {
    int signal;
    int sender_pid;
  };

  void OnFdReady(uint32_t events) override {
    ReadSignals();
    eventfd_t ignored;
    eventfd_read(handed_fd_.get(), &ignored);
    Liveness::Watch watch(liveness_);
    for (const Pending& pending : TakePending()) {
      handler_.OnSignal(pending.signal, pending.sender_pid);
      if (!watch.alive()) return;
    }
  }

  // At most one record of each signal is waiting, but for real-time ones: the next turn is theirs.
  void ReadSignals() {
    signalfd_siginfo infos[kSignalMax];
    const ssize_t bytes = read(signal_fd_.get(), infos, sizeof(infos));
    for (ssize_t i = 0; i * static_cast<ssize_t>(sizeof(infos[0])) < bytes; ++i) {
      const int signal = static_cast<int>(infos[i].ssi_signo);
      const int sender_pid = static_cast<int>(infos[i].ssi_pid);
      Note(signal, sender_pid);
      owner_.Forward(*this, signal, sender_pid);
    }
  }

  void Note(int signal, int sender_pid) {
    MutexLock lock(mutex_);
    for (Pending& pending : pending_) {
      if (pending.signal == signal) {
        pending.sender_pid = sender_pid;
        return;
      }
    }
    pending_.push_back({signal, sender_pid});
  }

  std::vector<Pending> TakePending() {
    MutexLock lock(mutex_);
    return std::exchange(pending_, {});
  }

  PosixSignals& owner_;
  PosixPoller& poller_;
  const std::vector<int> signals_;
  SignalHandler& handler_;
  Fd signal_fd_;
  Fd handed_fd_;
  WatchId signal_watch_;
  WatchId handed_watch_;
  bool joined_ = false;
  Liveness liveness_;

  Mutex mutex_;
  std::vector<Pending> pending_ ABSL_GUARDED_BY(mutex_);  // One entry a signal.
};

PosixSignals::~PosixSignals() {
  MutexLock lock(mutex_);
  if (!previous_mask_ || !pthread_equal(mask_thread_, pthread_self())) return;
  // A storm of SIGTERM outlasts the subscription that the first of it ended.
  DiscardPending(NewlyBlocked(*previous_mask_));
  pthread_sigmask(SIG_SETMASK, &*previous_mask_, nullptr);
}

void PosixSignals::Mask(const std::vector<int>& signals) {
  const sigset_t set = SetOf(signals);
  sigset_t previous;
  pthread_sigmask(SIG_BLOCK, &set, &previous);
  MutexLock lock(mutex_);
  if (previous_mask_) return;
  previous_mask_ = previous;
  mask_thread_ = pthread_self();
}

absl::StatusOr<std::unique_ptr<SignalSource>> PosixSignals::Catch(PosixPoller& poller,
                                                                  const std::vector<int>& signals,
                                                                  SignalHandler* handler) {
  TROUPE_RETURN_IF_ERROR(CheckCatchable(signals));
  auto subscription = std::make_unique<Subscription>(*this, poller, signals, handler);
  TROUPE_RETURN_IF_ERROR(subscription->Start());
  return subscription;
}

void PosixSignals::Join(Subscription& subscription) {
  MutexLock lock(mutex_);
  subscriptions_.push_back(&subscription);
  for (const int signal : subscription.signals()) {
    Begin(signal);
    if (IsBlockedHere(signal)) continue;
    const sigset_t set = SetOf({signal});
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    caught_[signal].blocked_threads.push_back(pthread_self());
  }
}

void PosixSignals::Leave(Subscription& subscription) {
  MutexLock lock(mutex_);
  std::erase(subscriptions_, &subscription);
  for (const int signal : subscription.signals()) End(signal);
}

void PosixSignals::Begin(int signal) {
  Caught& caught = caught_[signal];
  if (caught.subscription_count++ > 0) return;
  struct sigaction action = {};
  action.sa_sigaction = &PassOn;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, &caught.previous_action);
}

void PosixSignals::End(int signal) {
  Caught& caught = caught_[signal];
  if (--caught.subscription_count > 0) return;
  const sigset_t set = SetOf({signal});
  DiscardPending(set);
  sigaction(signal, &caught.previous_action, nullptr);
  for (const pthread_t thread : caught.blocked_threads) {
    if (pthread_equal(thread, pthread_self())) pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  }
  caught = {};
}

void PosixSignals::Forward(Subscription& reader, int signal, int sender_pid) {
  MutexLock lock(mutex_);
  for (Subscription* other : subscriptions_) {
    if (other != &reader && other->Wants(signal)) other->Hand(signal, sender_pid);
  }
}

}  // namespace troupe
