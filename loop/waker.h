#ifndef TROUPE_LOOP_WAKER_H_
#define TROUPE_LOOP_WAKER_H_

#include <atomic>
#include <cstdint>

#include "troupe/loop/poller.h"

namespace troupe {

// The sleep and wake-up protocol between a shard and those who publish work for it.
//
// A publisher puts its work where the shard looks, then calls Publish(). The shard, if it has
// nothing to do, calls PrepareSleep(). If that returns true, it sleeps in its poller, calls Awake()
// afterwards, and looks for work before it prepares to sleep again. Both sides change the same word
// by read-modify-writes, so either the publisher sees that the shard sleeps and wakes it, or the
// shard sees that something was published and does not sleep.
// A publisher must not skip its write even if it reads that others have published: its work may
// still be in its core's store buffer when the shard looks for the last time.
// docs/models/sleep_wake.pml models this, and what goes wrong otherwise.
//
// Thread: Publish() any; the others the shard's.
class alignas(128) Waker {
 public:
  explicit Waker(Poller& poller) : poller_(poller) {}
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  void Publish();

  // Returns true if the shard may sleep: nothing was published since the last PrepareSleep() or
  // Awake(). Otherwise the shard must look for work first.
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
  // Release: pairs with the exchange in Publish() that finds kAsleep. Relaxed on failure, since the
  // exchange below reads again.
  if (state_.compare_exchange_strong(expected, kAsleep, std::memory_order_acq_rel,
                                     std::memory_order_relaxed)) {
    return true;
  }
  // Acquire: pairs with the exchange in Publish(); the shard's next look finds that work.
  state_.exchange(kAwake, std::memory_order_acquire);
  return false;
}

inline void Waker::Awake() {
  // Acquire: pairs with the exchange in Publish(), whose mark it clears. A plain store could clear
  // it without seeing the work.
  state_.exchange(kAwake, std::memory_order_acquire);
}

}  // namespace troupe

#endif  // TROUPE_LOOP_WAKER_H_
