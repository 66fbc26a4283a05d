#ifndef TROUPE_LOOP_LOCKFREE_H_
#define TROUPE_LOOP_LOCKFREE_H_

#include <cstddef>

#include "boost/lockfree/queue.hpp"
#include "boost/lockfree/spsc_queue.hpp"

namespace troupe {

// A bounded ring from one shard to another, filled and drained in batches. T is trivially
// copyable, as a rule a pointer whose object changes hands with it.
//
// Thread: Push one shard, Pop and Empty another.
template <typename T>
class SpscRing {
 public:
  explicit SpscRing(size_t capacity) : queue_(capacity) {}

  // Publishes the first `count` items that fit, in one step. Returns how many.
  size_t Push(const T* items, size_t count) { return queue_.push(items, count); }
  size_t Pop(T* items, size_t count_max) { return queue_.pop(items, count_max); }
  bool Empty() const { return queue_.read_available() == 0; }

 private:
  boost::lockfree::spsc_queue<T> queue_;
};

// A bounded queue from any thread to one shard.
//
// Thread: Push any; Pop and Empty the shard.
template <typename T>
class MpscInbox {
 public:
  // `capacity` at most 65534.
  explicit MpscInbox(size_t capacity) : queue_(capacity) {}

  // False when it is full.
  bool Push(T item) { return queue_.bounded_push(item); }
  bool Pop(T& item) { return queue_.pop(item); }
  bool Empty() const { return queue_.empty(); }

 private:
  boost::lockfree::queue<T, boost::lockfree::fixed_sized<true>> queue_;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_LOCKFREE_H_
