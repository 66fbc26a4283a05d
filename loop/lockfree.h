#ifndef TROUPE_LOOP_LOCKFREE_H_
#define TROUPE_LOOP_LOCKFREE_H_

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "boost/lockfree/spsc_queue.hpp"
#include "troupe/loop/zeroed_memory.h"

namespace troupe {

// A bounded ring from one shard to another, filled and drained in batches. T is trivially copyable,
// typically a pointer that passes its object on.
//
// Thread: Push and Full one shard, the rest another.
template <typename T>
class SpscRing {
 public:
  explicit SpscRing(size_t capacity) : queue_(capacity) {}

  // Publishes the first `count` items that fit, in one step, and returns their number.
  size_t Push(const T* items, size_t count) { return queue_.push(items, count); }
  size_t Pop(T* items, size_t count_max) { return queue_.pop(items, count_max); }
  // Calls `use` with each item in place, frees all their places at the end, and returns their
  // number.
  template <typename Use>
  size_t ConsumeAll(Use use) {
    return queue_.consume_all(use);
  }
  // Like ConsumeAll(), for at most `count_max` items, freeing each place once its item was used, so
  // that a producer in want of space need not wait for the whole batch.
  template <typename Use>
  size_t ConsumeSome(size_t count_max, Use use) {
    size_t count = 0;
    while (count < count_max && queue_.consume_one(use)) ++count;
    return count;
  }
  bool Empty() const { return queue_.read_available() == 0; }
  size_t Size() const { return queue_.read_available(); }
  // Thread: the one that pushes.
  bool Full() const { return queue_.write_available() == 0; }

 private:
  boost::lockfree::spsc_queue<T> queue_;
};

// A bounded queue from any thread to one shard.
//
// A producer that loses its core inside Push() hides later items until it runs again; since each
// producer wakes the shard after its Push(), none is left behind. In return, no node is reused by
// address: boost::lockfree::queue tells a reused node by 16 bits, which a producer that slept long
// enough may find unchanged.
//
// Thread: Push any; Pop and Empty the shard.
// Bounds: `capacity` rounded up to a power of two, at least 2. A slot takes memory on first use.
// Source: bounded MPMC queue, Vyukov 2010, with a consumer that needs no atomic position, and with
//         rounds for positions in the slots, so that zeroed memory is an empty queue.
template <typename T>
class MpscInbox {
 public:
  explicit MpscInbox(size_t capacity);
  MpscInbox(const MpscInbox&) = delete;
  MpscInbox& operator=(const MpscInbox&) = delete;

  // Returns false if the queue is full.
  bool Push(T item);
  bool Pop(T& item);
  bool Empty() const;

 private:
  static_assert(std::is_trivially_copyable_v<T>);

  // `turn` is twice the round whose item may be put here, plus one once it was. Round n covers the
  // positions from n x the capacity on.
  struct Slot {
    uint64_t turn;
    T item;
  };

  std::atomic_ref<uint64_t> TurnAt(uint64_t position) const {
    return std::atomic_ref<uint64_t>(slots_[position & mask_].turn);
  }
  uint64_t FreeTurn(uint64_t position) const { return (position >> capacity_bits_) * 2; }

  // Set once.
  const int capacity_bits_;
  const uint64_t mask_;
  const ZeroedMemory memory_;
  Slot* const slots_;
  // The shard.
  alignas(128) uint64_t head_ = 0;
  // Producers.
  alignas(128) std::atomic<uint64_t> tail_{0};
};

// Implementation details follow.

template <typename T>
MpscInbox<T>::MpscInbox(size_t capacity)
    : capacity_bits_(std::bit_width(std::max<uint64_t>(capacity, 2) - 1)),
      mask_((uint64_t{1} << capacity_bits_) - 1),
      memory_((mask_ + 1) * sizeof(Slot)),
      slots_(static_cast<Slot*>(memory_.get())) {}

template <typename T>
bool MpscInbox<T>::Push(T item) {
  // Relaxed, like the exchange below: the slot's turn orders the items, and the tail only assigns
  // positions.
  uint64_t position = tail_.load(std::memory_order_relaxed);
  for (;;) {
    // Acquire: pairs with the store in Pop(), which has read what is overwritten below.
    const uint64_t turn = TurnAt(position).load(std::memory_order_acquire);
    const uint64_t free_turn = FreeTurn(position);
    if (turn == free_turn) {
      if (tail_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
        slots_[position & mask_].item = item;
        // Release: pairs with the loads in Pop() and Empty().
        TurnAt(position).store(free_turn + 1, std::memory_order_release);
        return true;
      }
    } else if (turn < free_turn) {
      return false;  // The previous round's item was not taken yet.
    } else {
      position = tail_.load(std::memory_order_relaxed);
    }
  }
}

template <typename T>
bool MpscInbox<T>::Pop(T& item) {
  if (Empty()) return false;
  item = slots_[head_ & mask_].item;
  // Release: pairs with the load in Push(), one round later.
  TurnAt(head_).store(FreeTurn(head_) + 2, std::memory_order_release);
  ++head_;
  return true;
}

template <typename T>
bool MpscInbox<T>::Empty() const {
  // Acquire: pairs with the store in Push(), which publishes the item.
  return TurnAt(head_).load(std::memory_order_acquire) != FreeTurn(head_) + 1;
}

}  // namespace troupe

#endif  // TROUPE_LOOP_LOCKFREE_H_
