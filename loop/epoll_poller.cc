#include "troupe/loop/epoll_poller.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/check.h"
#include "troupe/loop/posix_error.h"

namespace troupe {
namespace {

constexpr uint64_t kWakeTag = 0;
constexpr int64_t kWaitNanosMax = int64_t{24} * 3600 * 1'000'000'000;

uint32_t ToEpoll(uint32_t events) {
  // With nothing asked for, hang-up and error come through all the same: once is enough.
  if ((events & (kReadable | kWritable)) == 0) return EPOLLONESHOT;
  uint32_t mask = 0;
  if (events & kReadable) mask |= EPOLLIN;
  if (events & kWritable) mask |= EPOLLOUT;
  return mask;
}

uint32_t FromEpoll(uint32_t mask) {
  uint32_t events = 0;
  if (mask & EPOLLIN) events |= kReadable;
  if (mask & EPOLLOUT) events |= kWritable;
  if (mask & EPOLLHUP) events |= kHangup;
  if (mask & EPOLLERR) events |= kError;
  return events;
}

WatchId MakeId(uint32_t index, uint32_t generation) {
  return WatchId(uint64_t{generation} << 32 | index);
}

uint32_t IndexOf(WatchId id) { return static_cast<uint32_t>(id.value()); }
uint32_t GenerationOf(WatchId id) { return static_cast<uint32_t>(id.value() >> 32); }

// A day at most, so that no sum in the kernel overflows; the caller asks again.
int64_t WaitNanos(Instant now, Instant deadline) {
  if (deadline <= now) return 0;
  if (deadline.is_infinite() || now.nanos < deadline.nanos - kWaitNanosMax) return kWaitNanosMax;
  return deadline.nanos - now.nanos;
}

int RoundUpToMillis(int64_t nanos) { return static_cast<int>((nanos + 999'999) / 1'000'000); }

}  // namespace

absl::StatusOr<std::unique_ptr<EpollPoller>> EpollPoller::Make(size_t watches_max) {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return StatusFromErrno(errno, "epoll_create1");
  Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return StatusFromErrno(errno, "eventfd");
  // Edge-triggered: each write is one event, and nobody has to read the count back.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = kWakeTag}};
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return StatusFromErrno(errno, "epoll_ctl");
  }
  return std::unique_ptr<EpollPoller>(
      new EpollPoller(std::move(epoll), std::move(wake), watches_max));
}

EpollPoller::EpollPoller(Fd epoll, Fd wake, size_t watches_max)
    : epoll_(std::move(epoll)), wake_(std::move(wake)), watches_max_(watches_max) {}

absl::StatusOr<WatchId> EpollPoller::Add(int fd, uint32_t events, FdHandler* handler) {
  TROUPE_CHECK(handler != nullptr);
  if (watch_count_ >= watches_max_) {
    return absl::ResourceExhaustedError(absl::StrCat("watches_per_shard_max: ", watches_max_));
  }
  const uint32_t index = TakeSlot();
  Slot& slot = slots_[index];
  const WatchId id = MakeId(index, slot.generation);
  if (const int error = Control(EPOLL_CTL_ADD, fd, id, events); error != 0) {
    free_slots_.push_back(index);
    return StatusFromErrno(error, absl::StrCat("epoll_ctl of descriptor ", fd));
  }
  ClaimFd(fd, index);
  slot.handler = handler;
  slot.fd = fd;
  slot.events = events;
  ++watch_count_;
  return id;
}

absl::Status EpollPoller::Modify(WatchId id, uint32_t events) {
  Slot* slot = Find(id);
  if (slot == nullptr || slot->fd == kNoFd) return absl::NotFoundError("no such watch");
  if (slot->events == events) return absl::OkStatus();
  if (const int error = Control(EPOLL_CTL_MOD, slot->fd, id, events); error != 0) {
    return StatusFromErrno(error, absl::StrCat("epoll_ctl of descriptor ", slot->fd));
  }
  slot->events = events;
  return absl::OkStatus();
}

void EpollPoller::Remove(WatchId id) {
  Slot* slot = Find(id);
  if (slot == nullptr) return;
  if (slot->fd != kNoFd) {
    // Explicit: a duplicate of the descriptor, in a child say, would keep the registration alive.
    Control(EPOLL_CTL_DEL, slot->fd, id, 0);
    slot_of_fd_[slot->fd] = 0;
  }
  FreeSlot(IndexOf(id));
}

size_t EpollPoller::Poll(Instant now, Instant deadline) {
  const int count = Wait(now, deferred_.empty() ? deadline : now);
  if (count > 0 || !deferred_.empty()) TellObserver();
  const size_t deferred = deferred_.Run();
  return deferred + Deliver(count);
}

void EpollPoller::Wake() {
  // Fails only when the counter is full, and then a wake-up is due anyway.
  eventfd_write(wake_.get(), 1);
}

EpollPoller::Slot* EpollPoller::Find(WatchId id) {
  if (IndexOf(id) >= slots_.size()) return nullptr;
  Slot& slot = slots_[IndexOf(id)];
  return slot.handler != nullptr && slot.generation == GenerationOf(id) ? &slot : nullptr;
}

uint32_t EpollPoller::TakeSlot() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    return static_cast<uint32_t>(slots_.size() - 1);
  }
  const uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  return index;
}

void EpollPoller::FreeSlot(uint32_t index) {
  Slot& slot = slots_[index];
  // Zero is never a generation, so that no id is the wake-up's tag.
  const uint32_t next = slot.generation + 1;
  slot = Slot{.generation = next == 0 ? 1 : next};
  free_slots_.push_back(index);
  --watch_count_;
}

// The kernel forgot an older registration of this number when its descriptor was closed; the slot
// must not reach the new one through it.
void EpollPoller::ClaimFd(int fd, uint32_t index) {
  if (static_cast<size_t>(fd) >= slot_of_fd_.size()) slot_of_fd_.resize(fd + 1, 0);
  if (slot_of_fd_[fd] != 0) slots_[slot_of_fd_[fd] - 1].fd = kNoFd;
  slot_of_fd_[fd] = index + 1;
}

int EpollPoller::Control(int operation, int fd, WatchId id, uint32_t events) {
  epoll_event event{.events = ToEpoll(events), .data = {.u64 = id.value()}};
  return epoll_ctl(epoll_.get(), operation, fd, &event) == 0 ? 0 : errno;
}

// How many events are in the batch; an interrupted wait has none.
int EpollPoller::Wait(Instant now, Instant deadline) {
  const int64_t nanos = WaitNanos(now, deadline);
  const int room = static_cast<int>(batch_.size());
  if (nanos > 0 && has_pwait2_) {
    const timespec timeout{.tv_sec = nanos / 1'000'000'000, .tv_nsec = nanos % 1'000'000'000};
    const int count = epoll_pwait2(epoll_.get(), batch_.data(), room, &timeout, nullptr);
    if (count >= 0) return count;
    if (errno == EINTR) return 0;
    // An older kernel, or one that is told to refuse it.
    has_pwait2_ = false;
  }
  const int count = epoll_wait(epoll_.get(), batch_.data(), room, RoundUpToMillis(nanos));
  TROUPE_CHECK_MSG(count >= 0 || errno == EINTR, "epoll_wait");
  return std::max(count, 0);
}

size_t EpollPoller::Deliver(int count) {
  size_t delivered = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event event = batch_[i];
    if (event.data.u64 == kWakeTag) continue;
    // A handler of this batch may have removed this one, and another may live in its slot.
    const Slot* slot = Find(WatchId(event.data.u64));
    if (slot == nullptr) continue;
    slot->handler->OnFdReady(FromEpoll(event.events));
    ++delivered;
  }
  return delivered;
}

}  // namespace troupe
