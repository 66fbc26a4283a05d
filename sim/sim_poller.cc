#include "troupe/sim/sim_poller.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "troupe/base/check.h"
#include "troupe/base/status_macros.h"
#include "troupe/loop/epoll_poller.h"

namespace troupe {
namespace {

constexpr size_t kBatch = 64;

}  // namespace

SimSource::SimSource(SimPoller& poller) : poller_(poller), id_(poller.Register(*this)) {}

SimSource::~SimSource() { poller_.Unregister(id_); }

void SimSource::SetReady(bool ready) { poller_.SetReady(id_, ready); }

// One watched descriptor; ready from the kernel's report to the call of its handler.
class SimPoller::Watch final : public SimSource, public FdHandler {
 public:
  Watch(SimPoller& poller, uint32_t wanted, FdHandler* handler)
      : SimSource(poller), handler_(*handler), wanted_(wanted) {}

  void set_wanted(uint32_t events) { wanted_ = events; }

  void OnFdReady(uint32_t events) override {
    events_ = events;
    SetReady(true);
  }

 private:
  void OnReady() override {
    SetReady(false);
    handler_.OnFdReady(events_);
  }
  // The kernel is asked again, except for a hang-up that it reports once.
  void OnPutOff() override {
    if ((wanted_ & (kReadable | kWritable)) != 0) SetReady(false);
  }

  FdHandler& handler_;
  uint32_t wanted_;
  uint32_t events_ = 0;
};

SimPoller::SimPoller(SimScheduler& scheduler, SimHost& host, size_t watches_max)
    : scheduler_(scheduler), host_(host), watches_max_(watches_max) {}

SimPoller::~SimPoller() {
  scheduler_.descriptors().Remove(look_);
  watches_.clear();
  TROUPE_CHECK_MSG(sources_.empty(), "a poller ended before its sources");
}

absl::StatusOr<WatchId> SimPoller::Add(int fd, uint32_t events, FdHandler* handler) {
  TROUPE_CHECK(handler != nullptr);
  // At the bound the kernel is not asked.
  if (watch_count() < watches_max_) TROUPE_RETURN_IF_ERROR(host_.calls.Make("epoll_ctl"));
  if (kernel_ == nullptr) {
    TROUPE_ASSIGN_OR_RETURN(kernel_, EpollPoller::Make(watches_max_));
  }
  auto watch = std::make_unique<Watch>(*this, events, handler);
  if (watches_.empty()) {
    TROUPE_ASSIGN_OR_RETURN(look_, scheduler_.descriptors().Add(kernel_->fd(), kReadable, this));
  }
  absl::StatusOr<WatchId> id = kernel_->Add(fd, events, watch.get());
  if (id.ok()) watches_.emplace(*id, std::move(watch));
  LookNoMore();
  return id;
}

absl::Status SimPoller::Modify(WatchId id, uint32_t events) {
  const auto watch = watches_.find(id);
  if (watch == watches_.end()) return absl::NotFoundError("no such watch");
  TROUPE_RETURN_IF_ERROR(kernel_->Modify(id, events));
  watch->second->set_wanted(events);
  return absl::OkStatus();
}

void SimPoller::Remove(WatchId id) {
  if (watches_.erase(id) == 0) return;
  kernel_->Remove(id);
  LookNoMore();
}

size_t SimPoller::Poll(Instant, Instant deadline) {
  if (scheduler_.running() == nullptr) {
    const auto done = [this] {
      Collect();
      return woken_ || !ready_.empty();
    };
    scheduler_.DriveUntil(&host_, done, host_.clock.WorldAt(deadline));
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

// Between two steps.
void SimPoller::OnFdReady(uint32_t) { WakeSleeper(); }

void SimPoller::LookNoMore() {
  if (watches_.empty()) scheduler_.descriptors().Remove(std::exchange(look_, {}));
}

void SimPoller::Collect() {
  if (!watches_.empty()) kernel_->Poll({}, {});
}

size_t SimPoller::Deliver() {
  Collect();
  if (ready_.empty()) return 0;
  TellObserver();
  std::vector<uint64_t> batch(ready_.begin(), ready_.end());
  // Any order will do, and a full batch must not starve the rest.
  const auto first = static_cast<ptrdiff_t>(scheduler_.random().Below(batch.size()));
  std::rotate(batch.begin(), batch.begin() + first, batch.end());
  for (; batch.size() > kBatch; batch.pop_back()) sources_.at(batch.back())->OnPutOff();
  size_t delivered = 0;
  for (const uint64_t id : batch) {
    if (!ready_.contains(id)) continue;
    sources_.at(id)->OnReady();
    ++delivered;
  }
  return delivered;
}

}  // namespace troupe
