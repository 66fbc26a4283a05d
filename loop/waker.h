#ifndef TROUPE_LOOP_WAKER_H_
#define TROUPE_LOOP_WAKER_H_

#include <atomic>
#include <cstdint>

#include "troupe/loop/poller.h"

namespace troupe {

// The sleep and wake-up protocol between one shard and those that publish work for it.
//
// A publisher puts its work where the shard looks, then calls Publish(). The shard, when it has
// nothing to do, calls PrepareSleep(); when that says true it sleeps in its poller, and calls
// Awake() afterwards, and looks for work before it prepares to sleep again. Both sides change the
// same word by read-modify-writes, so either the publisher sees that the shard sleeps and wakes
// it, or the shard sees that something was published and does not sleep.
//
// A publisher must not skip its write when it reads that others published already: its work may
// still be in its core's store buffer when the shard looks for the last time.
// docs/models/sleep_wake.pml is the model of this, and of what goes wrong otherwise.
//
// Thread: Publish() any; the others the shard's.
class alignas(128) Waker {
 public:
  explicit Waker(Poller& poller) : poller_(poller) {}
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  void Publish();

  // True: nothing was published since the last PrepareSleep() or Awake(); the shard may sleep.
  // False: look again first.
  bool PrepareSleep();
  void Awake();

 private:
  enum State : uint32_t { kAwake, kPublished, kAsleep };

  std::atomic<uint32_t> state_{kAwake};
  Poller& poller_;
};

// Implementation details follow.

inline void Waker::Publish() {
  // Release: the work is visible to the shard's read-modify-write that finds kPublished, in
  // PrepareSleep() or Awake(); a later publisher's exchange continues the release sequence.
  // Acquire: pairs with the shard's exchange to kAsleep, so that Wake() comes after it.
  if (state_.exchange(kPublished, std::memory_order_acq_rel) == kAsleep) poller_.Wake();
}

inline bool Waker::PrepareSleep() {
  uint32_t expected = kAwake;
  // Release: pairs with the exchange in Publish() that finds kAsleep. Relaxed when it fails, since
  // the exchange below reads again.
  if (state_.compare_exchange_strong(expected, kAsleep, std::memory_order_acq_rel,
                                     std::memory_order_relaxed)) {
    return true;
  }
  // Acquire: pairs with the exchange in Publish(); the shard's next look finds that work.
  state_.exchange(kAwake, std::memory_order_acquire);
  return false;
}

inline void Waker::Awake() {
  // Acquire: pairs with the exchange in Publish(), whose note it takes away. A plain store could
  // do so without seeing the work.
  state_.exchange(kAwake, std::memory_order_acquire);
}

}  // namespace troupe

#endif  // TROUPE_LOOP_WAKER_H_
