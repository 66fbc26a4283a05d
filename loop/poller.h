#ifndef TROUPE_LOOP_POLLER_H_
#define TROUPE_LOOP_POLLER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "troupe/base/instant.h"
#include "troupe/base/strong_id.h"

namespace troupe {

// What a descriptor can be watched for, and what a readiness event reports. kHangup and kError
// are reported whether asked for or not.
enum FdEvents : uint32_t {
  kReadable = 1u << 0,
  kWritable = 1u << 1,
  kHangup = 1u << 2,
  kError = 1u << 3,
};

// Told when a watched descriptor is ready.
//
// Lifetime: outlives its registration; may remove itself, or any other, from inside the call.
class FdHandler {
 public:
  virtual void OnFdReady(uint32_t events) = 0;

 protected:
  ~FdHandler() = default;
};

// Told when a Poll() is about to call handlers, after it may have slept.
class PollObserver {
 public:
  virtual void BeforeDelivery() = 0;

 protected:
  ~PollObserver() = default;
};

using WatchId = StrongId<struct WatchIdTag>;

// Readiness of descriptors on one shard, level-triggered, and the shard's bed: it sleeps here.
//
// Thread:   shard-affine, but for Wake().
// Lifetime: does not own descriptors; Remove() before the descriptor is closed.
// Bounds:   limits.watches_per_shard_max registrations; a fixed batch of events a Poll().
// Errors:   a registration the kernel refuses is the caller's to handle.
class Poller {
 public:
  virtual ~Poller() = default;

  // At most one, which outlives the last Poll().
  void set_observer(PollObserver* observer) { observer_ = observer; }

  // Errors: RESOURCE_EXHAUSTED at the bound; ALREADY_EXISTS when this poller watches `fd`;
  // INVALID_ARGUMENT or what the kernel says, with the call named.
  virtual absl::StatusOr<WatchId> Add(int fd, uint32_t events, FdHandler* handler) = 0;

  // `events` may be 0: hang-up and error are then still reported once, and then detached.
  virtual absl::Status Modify(WatchId id, uint32_t events) = 0;

  // After the return no event of `id` is delivered, not even one of the batch being delivered,
  // nor one of a descriptor that got the same number since. A stale id is ignored.
  virtual void Remove(WatchId id) = 0;

  // Waits until something is ready, Wake() is called or `deadline` has come, and delivers one
  // batch. A deadline that has passed means: look, do not wait. May return early with nothing, so
  // the caller asks its clock. Returns the number delivered.
  virtual size_t Poll(Instant now, Instant deadline) = 0;

  // Ends a Poll() that waits, or makes the next one return at once.
  // Thread: any.
  virtual void Wake() = 0;

  // Registrations alive; the wake-up's own is not counted.
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
