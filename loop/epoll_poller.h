#ifndef TROUPE_LOOP_EPOLL_POLLER_H_
#define TROUPE_LOOP_EPOLL_POLLER_H_

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "troupe/base/instant.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/poller.h"
#include "troupe/loop/posix_poller.h"

namespace troupe {

// A Poller over epoll.
//
// Each registration has a slot and a generation, and its events carry both: an event with another
// generation than its slot belongs to a former registration, and is dropped. Poll() may return
// early with nothing delivered, after Wake(), after a signal, or after waiting a day.
//
// Bounds: kBatch events a Poll().
class EpollPoller final : public PosixPoller {
 public:
  // Errors: RESOURCE_EXHAUSTED, or the kernel's error with the call named.
  static absl::StatusOr<std::unique_ptr<EpollPoller>> Make(size_t watches_max);

  absl::StatusOr<WatchId> Add(int fd, uint32_t events, FdHandler* handler) override;
  absl::Status Modify(WatchId id, uint32_t events) override;
  void Remove(WatchId id) override;
  size_t Poll(Instant now, Instant deadline) override;
  void Wake() override;
  size_t watch_count() const override { return watch_count_; }

  // Returns a descriptor that is readable while Poll() would deliver an event or was woken: another
  // Poller can watch it.
  int fd() const { return epoll_.get(); }

  // Acts as on a kernel before 5.11, where waits are whole milliseconds.
  void UseMillisecondsForTest() { has_pwait2_ = false; }

 private:
  static constexpr size_t kBatch = 256;
  static constexpr int kNoFd = -1;

  struct Slot {
    FdHandler* handler = nullptr;  // Null while free.
    int fd = kNoFd;                // Also kNoFd once its descriptor was closed and reused.
    uint32_t events = 0;
    uint32_t generation = 1;
  };

  EpollPoller(Fd epoll, Fd wake, size_t watches_max);

  Slot* Find(WatchId id);
  uint32_t TakeSlot();
  void FreeSlot(uint32_t index);
  void ClaimFd(int fd, uint32_t index);
  int Control(int operation, int fd, WatchId id, uint32_t events);
  int Wait(Instant now, Instant deadline);
  size_t Deliver(int count);

  const Fd epoll_;
  const Fd wake_;
  const size_t watches_max_;
  bool has_pwait2_ = true;

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::vector<uint32_t> slot_of_fd_;  // Index plus one; 0 is none.
  size_t watch_count_ = 0;
  std::array<epoll_event, kBatch> batch_;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_EPOLL_POLLER_H_
