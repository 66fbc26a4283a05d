#ifndef TROUPE_LOOP_POLLER_H_
#define TROUPE_LOOP_POLLER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "troupe/base/instant.h"
#include "troupe/base/strong_id.h"

namespace troupe {

// The conditions that a descriptor can be watched for and that an event reports. kHangup and kError
// are reported even if not asked for.
enum FdEvents : uint32_t {
  kReadable = 1u << 0,
  kWritable = 1u << 1,
  kHangup = 1u << 2,
  kError = 1u << 3,
};

// Receives the events of a watched descriptor.
//
// Lifetime: outlives its registration; may remove itself or any other from inside the call.
class FdHandler {
 public:
  virtual void OnFdReady(uint32_t events) = 0;

 protected:
  ~FdHandler() = default;
};

// Notified if a Poll(), which may have slept, is about to call handlers.
class PollObserver {
 public:
  virtual void BeforeDelivery() = 0;

 protected:
  ~PollObserver() = default;
};

using WatchId = StrongId<struct WatchIdTag>;

// Watches descriptors on one shard, level-triggered. The shard sleeps in Poll().
//
// Thread:   shard-affine, except for Wake().
// Lifetime: does not own descriptors; Remove() before the descriptor is closed.
// Bounds:   limits.watches_per_shard_max registrations; a fixed batch of events per Poll().
// Errors:   the caller handles a registration that the kernel refuses.
class Poller {
 public:
  virtual ~Poller() = default;

  // Sets the only observer, which outlives the last Poll().
  void set_observer(PollObserver* observer) { observer_ = observer; }

  // Errors: RESOURCE_EXHAUSTED at the bound; ALREADY_EXISTS if this poller watches `fd`;
  // INVALID_ARGUMENT or the kernel's error, with the call named.
  virtual absl::StatusOr<WatchId> Add(int fd, uint32_t events, FdHandler* handler) = 0;

  // Changes the watched events. With 0, hang-up and error are still reported once, and then
  // detached.
  virtual absl::Status Modify(WatchId id, uint32_t events) = 0;

  // Ends a registration: from the return on no event of `id` is delivered, not even one of the
  // current batch, nor one of a new descriptor with the same number. Ignores a stale id.
  virtual void Remove(WatchId id) = 0;

  // Waits for a ready descriptor, Wake() or `deadline`, delivers one batch, and returns its size.
  // Does not wait if the deadline has passed. May return early with nothing delivered: the caller
  // asks its clock.
  virtual size_t Poll(Instant now, Instant deadline) = 0;

  // Ends a waiting Poll(), or makes the next one return at once.
  // Thread: any.
  virtual void Wake() = 0;

  // Returns the number of registrations, not counting the wake-up's own.
  virtual size_t watch_count() const = 0;

 protected:
  void TellObserver() {
    if (observer_ != nullptr) observer_->BeforeDelivery();
  }

 private:
  PollObserver* observer_ = nullptr;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_POLLER_H_
