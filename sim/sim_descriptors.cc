#include "troupe/sim/sim_descriptors.h"

#include <limits>

#include "troupe/base/status_macros.h"
#include "troupe/loop/epoll_poller.h"

namespace troupe {

SimDescriptors::SimDescriptors() = default;

SimDescriptors::~SimDescriptors() = default;

absl::StatusOr<WatchId> SimDescriptors::Add(int fd, uint32_t events, FdHandler* handler) {
  if (poller_ == nullptr) {
    // Each node's pollers have the bound.
    TROUPE_ASSIGN_OR_RETURN(poller_, EpollPoller::Make(std::numeric_limits<size_t>::max()));
  }
  TROUPE_ASSIGN_OR_RETURN(const WatchId id, poller_->Add(fd, events, handler));
  count_ = poller_->watch_count();
  return id;
}

void SimDescriptors::Remove(WatchId id) {
  if (poller_ == nullptr) return;
  poller_->Remove(id);
  count_ = poller_->watch_count();
}

void SimDescriptors::Deliver() { poller_->Poll({}, {}); }

}  // namespace troupe
