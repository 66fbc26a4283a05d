#include "troupe/actors/events/shutdown_signals.h"

#include <cstdlib>
#include <utility>

#include "troupe/actors/runtime/runtime.h"
#include "troupe/base/logging.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {
namespace {

// Runs `task` on the first shard and waits for it.
void RunOnFirstShard(Runtime& runtime, const std::function<void(Shard&)>& task) {
  const std::unique_ptr<Event> done = runtime.platform().MakeEvent();
  Shard& shard = runtime.shard(0);
  runtime.PostSurely(shard, [&] {
    task(shard);
    done->Notify();
  });
  done->WaitUntil(Instant::Infinite());
}

}  // namespace

absl::Status ShutdownSignals::Begin(Runtime& runtime, const std::vector<int>& signals) {
  runtime_ = &runtime;
  if (signals.empty()) return absl::OkStatus();
  absl::Status status;
  RunOnFirstShard(runtime, [&](Shard& shard) {
    auto source = runtime.platform().CatchSignals(shard.loop().poller(), signals, this);
    if (source.ok()) {
      source_ = *std::move(source);
    } else {
      status = std::move(source).status();
    }
  });
  return status;
}

void ShutdownSignals::End(Runtime& runtime) {
  if (source_ == nullptr) return;
  RunOnFirstShard(runtime, [&](Shard&) { source_.reset(); });
}

void ShutdownSignals::OnSignal(int signal, int) {
  if (++raised_ > 1) {
    TROUPE_LOG(kError, "signal ", signal, " a second time: ending at once");
    CurrentLogSink().Flush();
    std::_Exit(128 + signal);
  }
  TROUPE_LOG(kInfo, "signal ", signal, ": shutting down");
  runtime_->RequestShutdown();
}

}  // namespace troupe::internal
