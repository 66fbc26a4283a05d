#include "troupe/sim/sim_poller.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "troupe/base/check.h"

namespace troupe {
namespace {

constexpr size_t kBatch = 64;

absl::Status NoDescriptors() {
  return absl::FailedPreconditionError("a simulation has no descriptors to watch");
}

}  // namespace

SimSource::SimSource(SimPoller& poller) : poller_(poller), id_(poller.Register(*this)) {}

SimSource::~SimSource() { poller_.Unregister(id_); }

void SimSource::SetReady(bool ready) { poller_.SetReady(id_, ready); }

SimPoller::~SimPoller() { TROUPE_CHECK_MSG(sources_.empty(), "a poller ended before its sources"); }

absl::StatusOr<WatchId> SimPoller::Add(int, uint32_t, FdHandler*) { return NoDescriptors(); }

absl::Status SimPoller::Modify(WatchId, uint32_t) { return NoDescriptors(); }

size_t SimPoller::Poll(Instant, Instant deadline) {
  if (scheduler_.running() == nullptr) {
    scheduler_.DriveUntil(
        &host_, [this] { return woken_ || !ready_.empty(); }, host_.clock.WorldAt(deadline));
    woken_ = false;
    return Deliver();
  }
  const size_t delivered = Deliver();
  if (std::exchange(woken_, false) || delivered > 0 || deadline <= host_.clock.Now()) {
    return delivered;
  }
  sleeper_ = scheduler_.running();
  sleeper_->RunAt(host_.clock.WorldAt(deadline));
  return 0;
}

void SimPoller::Wake() {
  woken_ = true;
  WakeSleeper();
}

uint64_t SimPoller::Register(SimSource& source) {
  sources_.emplace(++last_id_, &source);
  return last_id_;
}

void SimPoller::Unregister(uint64_t id) {
  sources_.erase(id);
  ready_.erase(id);
}

void SimPoller::SetReady(uint64_t id, bool ready) {
  if (!ready) {
    ready_.erase(id);
  } else if (ready_.insert(id).second) {
    WakeSleeper();
  }
}

void SimPoller::WakeSleeper() {
  if (SimTask* const sleeper = std::exchange(sleeper_, nullptr)) sleeper->RunNow();
}

size_t SimPoller::Deliver() {
  if (ready_.empty()) return 0;
  TellObserver();
  std::vector<uint64_t> batch(ready_.begin(), ready_.end());
  // Any order will do, and a full batch must not starve the rest.
  const auto first = static_cast<ptrdiff_t>(scheduler_.random().Below(batch.size()));
  std::rotate(batch.begin(), batch.begin() + first, batch.end());
  batch.resize(std::min(batch.size(), kBatch));
  size_t delivered = 0;
  for (const uint64_t id : batch) {
    if (!ready_.contains(id)) continue;
    sources_.at(id)->OnReady();
    ++delivered;
  }
  return delivered;
}

}  // namespace troupe
