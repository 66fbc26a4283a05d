#include "troupe/actors/events/shutdown_signals.h"

#include <utility>

#include "troupe/actors/runtime/runtime.h"
#include "troupe/base/logging.h"
#include "troupe/base/status_macros.h"
#include "troupe/loop/poller.h"

namespace troupe::internal {

absl::Status ShutdownSignals::Begin(Runtime& runtime, const std::vector<int>& signals) {
  if (signals.empty()) return absl::OkStatus();
  runtime_ = &runtime;
  signals_ = signals;
  Platform& platform = runtime.platform();
  TROUPE_ASSIGN_OR_RETURN(poller_, platform.MakePoller(runtime.limits()));
  begun_ = platform.MakeEvent();
  TROUPE_ASSIGN_OR_RETURN(thread_, platform.StartLoop({.name = "signals"}, this));
  begun_->WaitUntil(Instant::Infinite());
  return status_;
}

void ShutdownSignals::End() {
  if (thread_ == nullptr) return;
  ends_.store(true, std::memory_order_relaxed);
  poller_->Wake();
  thread_->Join();
  thread_ = nullptr;
}

bool ShutdownSignals::RunTurn(bool may_block) {
  Platform& platform = runtime_->platform();
  if (!tried_) {
    tried_ = true;
    auto source = platform.CatchSignals(*poller_, signals_, this);
    status_ = source.status();
    if (source.ok()) source_ = *std::move(source);
    begun_->Notify();
  }
  if (ends_.load(std::memory_order_relaxed)) {
    // On the thread that blocks them.
    source_ = nullptr;
    return false;
  }
  const Instant now = platform.clock().Now();
  poller_->Poll(now, may_block ? Instant::Infinite() : now);
  return true;
}

void ShutdownSignals::OnSignal(int signal, int) {
  if (++raised_ > 1) {
    TROUPE_LOG(kError, "signal ", signal, " a second time: ending at once");
    CurrentLogSink().Flush();
    return runtime_->platform().EndProcess(128 + signal);
  }
  TROUPE_LOG(kInfo, "signal ", signal, ": shutting down");
  runtime_->RequestShutdown();
}

}  // namespace troupe::internal
