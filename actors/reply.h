#ifndef TROUPE_ACTORS_REPLY_H_
#define TROUPE_ACTORS_REPLY_H_

#include <coroutine>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "troupe/actors/frame_memory.h"

// g++ before 13 miscompiles coroutine forms that programs may contain; the guide to writing
// around them is docs/coroutines.md.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13 && \
    !defined(TROUPE_ALLOW_GCC12_COROUTINES)
// A message and not a #warning, which -Werror makes an error.
#pragma message \
    "g++ before 13 miscompiles some coroutines: see docs/coroutines.md; define TROUPE_ALLOW_GCC12_COROUTINES once your code passes tools/coroutine_forms"
#endif

namespace troupe {

template <typename T = void>
class Reply;

namespace internal {

template <typename T>
struct OutcomeOf {
  using Type = absl::StatusOr<T>;
};
template <>
struct OutcomeOf<void> {
  using Type = absl::Status;
};
// What a handler that answers with T comes to: StatusOr<T>, or Status for void.
template <typename T>
using Outcome = typename OutcomeOf<T>::Type;

inline absl::Status FellOffTheEnd() {
  return absl::InternalError("the coroutine ended without co_return");
}

// The part of a coroutine's promise that does not depend on what it returns.
class ReplyPromiseBase {
 public:
  static void* operator new(size_t bytes) { return AllocateFrame(bytes); }
  static void operator delete(void* frame, size_t bytes) { FreeFrame(frame, bytes); }

  std::suspend_never initial_suspend() noexcept { return {}; }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) noexcept {
      const std::coroutine_handle<> continuation = handle.promise().continuation_;
      return continuation ? continuation : std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }

  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

  void set_continuation(std::coroutine_handle<> continuation) { continuation_ = continuation; }
  // The coroutine that awaits this one, a Reply's too; null when none does.
  std::coroutine_handle<> continuation() const { return continuation_; }

 protected:
  std::coroutine_handle<> continuation_;
  std::exception_ptr exception_;
};

template <typename T>
class ReplyPromise final : public ReplyPromiseBase {
 public:
  // Else a promise's place in its frame would depend on T.
  static_assert(alignof(Outcome<T>) <= alignof(std::max_align_t));

  Reply<T> get_return_object();

  template <typename U>
  requires std::is_convertible_v<U&&, Outcome<T>>
  void return_value(U&& value) { outcome_ = Outcome<T>(std::forward<U>(value)); }

  // Throws what the coroutine threw.
  Outcome<T> Take() {
    if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
    return std::move(outcome_);
  }

 private:
  Outcome<T> outcome_ = FellOffTheEnd();
};

}  // namespace internal

// What a handler gives back: an outcome that is there already, or a coroutine that will have it.
// An immediate one allocates nothing. A handler, and any helper it awaits, may be a coroutine
// that returns this.
//
// Thread:   the shard that made it.
// Lifetime: dropping it before it is done drops the coroutine, and so cancels what that awaits. One
//           that is in an Offload lives until the function is back, though what it refers to
//           outside of itself may not; it is not resumed.
// Errors:   a coroutine that ends without co_return comes to INTERNAL.
template <typename T>
class [[nodiscard("co_await it: a coroutine whose Reply is dropped is cancelled")]] Reply {
 public:
  using promise_type = internal::ReplyPromise<T>;
  using Outcome = internal::Outcome<T>;

  template <typename U>
  requires(std::is_convertible_v<U&&, Outcome> && !std::is_same_v<std::decay_t<U>, Reply>)
      Reply(U && outcome)
      : outcome_(std::forward<U>(outcome)) {}  // NOLINT: return x; is the point.

  Reply(Reply && other) noexcept
      : frame_(std::exchange(other.frame_, nullptr)), outcome_(std::move(other.outcome_)) {}
  Reply& operator=(Reply&& other) noexcept {
    if (this != &other) {
      Drop();
      frame_ = std::exchange(other.frame_, nullptr);
      outcome_ = std::move(other.outcome_);
    }
    return *this;
  }
  ~Reply() { Drop(); }

  // Whether the outcome is there.
  bool done() const { return !frame_ || frame_.done(); }

  // Requires done(). Throws what the coroutine threw.
  Outcome Take() { return frame_ ? frame_.promise().Take() : std::move(outcome_); }

  // The coroutine, now the caller's to destroy.
  std::coroutine_handle<promise_type> Detach() { return std::exchange(frame_, nullptr); }

  bool await_ready() const { return done(); }
  void await_suspend(std::coroutine_handle<> continuation) {
    frame_.promise().set_continuation(continuation);
  }
  Outcome await_resume() { return Take(); }

 private:
  friend promise_type;
  explicit Reply(std::coroutine_handle<promise_type> frame)
      : frame_(frame), outcome_(internal::FellOffTheEnd()) {}

  void Drop() {
    if (!frame_) return;
    if (frame_.done()) {
      frame_.destroy();
    } else {
      internal::DropFrame(frame_);
    }
  }

  std::coroutine_handle<promise_type> frame_;
  Outcome outcome_;
};

namespace internal {

template <typename T>
Reply<T> ReplyPromise<T>::get_return_object() {
  return Reply<T>(std::coroutine_handle<ReplyPromise<T>>::from_promise(*this));
}

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_REPLY_H_
