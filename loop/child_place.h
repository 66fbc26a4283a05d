#ifndef TROUPE_LOOP_CHILD_PLACE_H_
#define TROUPE_LOOP_CHILD_PLACE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace troupe {

// How many child processes a platform has. Outlives it while one of them is not reaped.
using ChildCount = std::shared_ptr<std::atomic<uint32_t>>;

// One process's place among those that may run, until it is reaped.
//
// Thread: any. No order with other memory: only the count itself matters.
class ChildPlace {
 public:
  // Holds none.
  ChildPlace() = default;
  ChildPlace(ChildPlace&&) = default;
  ChildPlace& operator=(ChildPlace&&) = delete;
  ~ChildPlace() {
    if (count_ != nullptr) count_->fetch_sub(1, std::memory_order_relaxed);
  }

  // Holds none if `most` are taken.
  static ChildPlace Take(ChildCount count, uint32_t most) {
    uint32_t taken = count->load(std::memory_order_relaxed);
    while (taken < most) {
      if (count->compare_exchange_weak(taken, taken + 1, std::memory_order_relaxed)) {
        return ChildPlace(std::move(count));
      }
    }
    return ChildPlace();
  }

  explicit operator bool() const { return count_ != nullptr; }

 private:
  explicit ChildPlace(ChildCount count) : count_(std::move(count)) {}

  ChildCount count_;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_CHILD_PLACE_H_
