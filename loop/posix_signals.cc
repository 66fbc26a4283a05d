#include "troupe/loop/posix_signals.h"

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "troupe/base/status_macros.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/liveness.h"
#include "troupe/loop/posix_error.h"
#include "troupe/loop/process_signals.h"
#include "troupe/loop/signal_number.h"

namespace troupe {
namespace {

sigset_t SetOf(const std::vector<int>& signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

// Without those that are no signals.
std::vector<int> Distinct(std::vector<int> signals) {
  std::erase_if(signals, [](int signal) { return signal < 1 || signal > kSignalMax; });
  std::sort(signals.begin(), signals.end());
  signals.erase(std::unique(signals.begin(), signals.end()), signals.end());
  return signals;
}

// What one caller of Catch() waits for, in its poller three times: its signalfd, the eventfd by
// which other subscriptions hand signals over, and what the process's handler has noted.
class Subscription final : public SignalSource, public SignalListener, private FdHandler {
 public:
  Subscription(PosixPoller& poller, std::vector<int> signals, SignalHandler* handler)
      : poller_(poller), signals_(std::move(signals)), handler_(*handler) {}

  ~Subscription() override {
    poller_.Remove(signal_watch_);
    poller_.Remove(handed_watch_);
    poller_.Remove(raised_watch_);
    if (mask_ == nullptr) return;
    process_.Leave(*this, signals_);
    for (const int signal : signals_) process_.Release(signal);
    mask_->Drop(signals_);
  }

  absl::Status Start() {
    const sigset_t set = SetOf(signals_);
    signal_fd_.Reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signal_fd_.valid()) return StatusFromErrno(errno, "signalfd");
    handed_fd_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!handed_fd_.valid()) return StatusFromErrno(errno, "eventfd");
    TROUPE_ASSIGN_OR_RETURN(signal_watch_, poller_.Add(signal_fd_.get(), kReadable, this));
    TROUPE_ASSIGN_OR_RETURN(handed_watch_, poller_.Add(handed_fd_.get(), kReadable, this));
    TROUPE_ASSIGN_OR_RETURN(raised_fd_, process_.Raised());
    TROUPE_ASSIGN_OR_RETURN(raised_watch_, poller_.Add(raised_fd_.get(), kReadable, this));
    mask_ = ThreadMask::OfThisThread();
    mask_->Hold(signals_);
    for (const int signal : signals_) process_.Catch(signal);
    process_.Join(*this);
    return absl::OkStatus();
  }

  bool Wants(int signal) const override {
    return std::find(signals_.begin(), signals_.end(), signal) != signals_.end();
  }

  void Hand(int signal, int sender_pid) override {
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
    process_.HandOutRaised();
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
      process_.Forward(*this, signal, sender_pid);
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

  ProcessSignals& process_ = ProcessSignals::Get();
  PosixPoller& poller_;
  const std::vector<int> signals_;
  SignalHandler& handler_;
  Fd signal_fd_;
  Fd handed_fd_;
  WatchId signal_watch_;
  Fd raised_fd_;
  WatchId handed_watch_;
  WatchId raised_watch_;
  std::shared_ptr<ThreadMask> mask_;  // Of the thread that subscribed; null before.
  Liveness liveness_;

  Mutex mutex_;
  std::vector<Pending> pending_ ABSL_GUARDED_BY(mutex_);  // One entry a signal.
};

}  // namespace

PosixSignals::~PosixSignals() {
  MutexLock lock(mutex_);
  for (const int signal : caught_) ProcessSignals::Get().Release(signal);
  for (const Masked& masked : masked_) masked.mask->Drop(masked.signals);
}

void PosixSignals::Mask(const std::vector<int>& signals) {
  ProcessSignals& process = ProcessSignals::Get();
  // Without a descriptor the shards cannot start either, and they say why.
  const bool can_catch = process.Raised().ok();
  MutexLock lock(mutex_);
  masked_.push_back({ThreadMask::OfThisThread(), Distinct(signals)});
  for (const int signal : masked_.back().signals) {
    if (can_catch && process.CatchIfFatal(signal)) caught_.push_back(signal);
  }
  masked_.back().mask->Hold(masked_.back().signals);
}

void PosixSignals::MaskThisThread() {
  MutexLock lock(mutex_);
  for (const Masked& masked : masked_) ThreadMask::OfThisThread()->Hold(masked.signals);
}

absl::StatusOr<std::unique_ptr<SignalSource>> PosixSignals::Catch(PosixPoller& poller,
                                                                  const std::vector<int>& signals,
                                                                  SignalHandler* handler) {
  for (const int signal : signals) TROUPE_RETURN_IF_ERROR(CheckCatchable(signal));
  auto subscription = std::make_unique<Subscription>(poller, Distinct(signals), handler);
  TROUPE_RETURN_IF_ERROR(subscription->Start());
  return subscription;
}

}  // namespace troupe
