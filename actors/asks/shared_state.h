#ifndef TROUPE_ACTORS_ASKS_SHARED_STATE_H_
#define TROUPE_ACTORS_ASKS_SHARED_STATE_H_

#include <cstdint>
#include <utility>

namespace troupe::internal {

// Counts the SharedStates of an object. Thread: one shard's.
class Shared {
 public:
  Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

 protected:
  ~Shared() = default;

 private:
  template <typename T>
  friend class SharedState;
  uint32_t holders_ = 1;
};

// Holds a T, a Shared, together with others: what was begun is held by its owner and by the
// coroutine that awaits it, and either may be the first to go.
//
// Thread: one shard's.
template <typename T>
class SharedState {
 public:
  SharedState() = default;
  // Takes a new T.
  explicit SharedState(T* state) : state_(state) {}
  SharedState(const SharedState& other) : state_(other.state_) {
    if (state_ != nullptr) ++state_->holders_;
  }
  SharedState(SharedState&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  SharedState& operator=(SharedState other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~SharedState() {
    if (state_ != nullptr && --state_->holders_ == 0) delete state_;
  }

  T* get() const { return state_; }
  T* operator->() const { return state_; }
  T& operator*() const { return *state_; }
  explicit operator bool() const { return state_ != nullptr; }
  // One that has no SharedState holds it too, and lets go by one that takes it.
  void Share() const { ++state_->holders_; }

 private:
  T* state_ = nullptr;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ASKS_SHARED_STATE_H_
