#ifndef TROUPE_ACTORS_REPLY_H_
#define TROUPE_ACTORS_REPLY_H_

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "troupe/actors/asks/outcome.h"
#include "troupe/actors/coroutines/coroutine_frame.h"
#include "troupe/actors/coroutines/suspension.h"

// g++ before 13 miscompiles coroutine forms that programs may contain; the guide to writing
// around them is docs/coroutines.md.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13 && \
    !defined(TROUPE_ALLOW_GCC12_COROUTINES)
// A message and not a #warning, which -Werror makes an error.
#pragma message \
    "g++ before 13 miscompiles some coroutines: see docs/coroutines.md; define TROUPE_ALLOW_GCC12_COROUTINES once your code passes tools/coroutine_forms"
#endif

namespace troupe {

enum class SendResult : uint8_t;
template <typename T = void>
class Reply;

namespace internal {

// What a coroutine of Reply may await. Anything else would resume it behind its shard's back.
template <typename A>
concept Awaits = requires {
  typename std::remove_cvref_t<A>::TroupeAwait;
};

// Such a one that can be awaited only where it is not used again: a call, which is sent once.
template <typename A>
concept AwaitsOnce = !requires(A && awaited) {
  std::forward<A>(awaited).operator co_await();
}
&&requires(std::remove_cvref_t<A>&& awaited) { std::move(awaited).operator co_await(); };
// A stream, which is awaited item by item.
template <typename A>
concept HasItems = requires {
  typename std::remove_cvref_t<A>::TroupeItem;
};
template <typename A>
concept IsSent = std::is_same_v<std::remove_cvref_t<A>, SendResult>;
// Stands for what cannot be awaited, so that the compiler says nothing of what that would give.
struct Unawaitable {
  using TroupeAwait = void;
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) const {}
  Unawaitable await_resume() const { return {}; }
};

// Forwards to an awaiter that lives elsewhere in the awaiting expression.
template <typename A>
class AwaiterRef {
 public:
  explicit AwaiterRef(A& awaiter) : awaiter_(&awaiter) {}
  bool await_ready() { return awaiter_->await_ready(); }
  template <typename P>
  auto await_suspend(std::coroutine_handle<P> handle) {
    return awaiter_->await_suspend(handle);
  }
  decltype(auto) await_resume() { return awaiter_->await_resume(); }

 private:
  A* const awaiter_;
};

template <typename T>
class ReplyPromise final : public CoroutineFrame {
 public:
  // Else a promise's place in its frame would depend on T.
  static_assert(alignof(Outcome<T>) <= alignof(std::max_align_t));

  ReplyPromise() { set_handle(std::coroutine_handle<ReplyPromise>::from_promise(*this)); }

  Reply<T> get_return_object();

  template <typename U>
  requires(!Awaits<U> && std::is_convertible_v<U&&, Outcome<T>>) void return_value(U&& value) {
    outcome_ = ToOutcome<T>(std::forward<U>(value));
    state_ = State::kReturned;
  }
  // Chosen only to say at the caller's line why the one above cannot be.
  template <Awaits U>
  __attribute__((
      unavailable("an outcome is due, and this is to be awaited: co_return co_await it"))) void
  return_value(U&&);

  // By value: g++ 12 would move an awaiter that it is given by reference into the frame.
  template <Awaits A>
  requires(!AwaitsOnce<A>) auto await_transform(A&& awaited) {
    if constexpr (requires { std::forward<A>(awaited).operator co_await(); }) {
      return std::forward<A>(awaited).operator co_await();
    } else {
      return AwaiterRef<std::remove_reference_t<A>>(awaited);
    }
  }
  // Chosen only to say at the caller's line why the one above cannot be.
  template <Awaits A>
  requires AwaitsOnce<A>
  __attribute__((
      unavailable("a call is sent once: co_await std::move(it), or Start() it and co_await the "
                  "Pending"))) Unawaitable
  await_transform(A&&);
  template <HasItems A>
  __attribute__((unavailable("a stream is read item by item: co_await its Next()"))) Unawaitable
  await_transform(A&&);
  template <IsSent A>
  __attribute__((unavailable("a one-way message has no outcome to wait for: leave co_await out")))
  Unawaitable
  await_transform(A&&);
  template <typename A>
  requires(!Awaits<A> && !HasItems<A> && !IsSent<A>) __attribute__((unavailable(
      "a Troupe coroutine can co_await only Troupe's own: a call, a stream, a Reply, cx.Sleep(), "
      "cx.Offload()"))) Unawaitable await_transform(A&&);

  // Once. Throws what the coroutine threw.
  Outcome<T> Take() {
    const State before = std::exchange(state_, State::kTaken);
    if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
    if (before == State::kReturned) [[likely]]
      return std::move(outcome_);
    return before == State::kTaken ? AwaitedTwice() : FellOffTheEnd();
  }
  bool taken() const { return state_ == State::kTaken; }

 private:
  enum class State : uint8_t { kNone, kReturned, kTaken };

  Outcome<T> outcome_ = NoOutcome();
  State state_ = State::kNone;
};

// Where a coroutine waits for another one.
template <typename T>
class ReplyAwaiter final : public Suspension {
 public:
  using TroupeAwait = void;

  explicit ReplyAwaiter(Reply<T>& reply) : reply_(&reply), frame_(reply.frame_) {}
  ~ReplyAwaiter() { ReplyAwaiter::StopWaiting(); }

  bool await_ready() const { return !TakenBefore() && (!frame_ || frame_.done()); }
  template <std::derived_from<CoroutineFrame> P>
  void await_suspend(std::coroutine_handle<P> handle) {
    if (TakenBefore()) {
      twice_ = true;
      handle.promise().WaitForTurn(*this);
      return;
    }
    waits_ = true;
    handle.promise().WaitFor(frame_.promise(), *this);
  }
  Outcome<T> await_resume() {
    if (cancelled_) return AwaitCutShort();
    // Not through the Reply, which may have been moved meanwhile.
    if (twice_) return AwaitedTwice();
    if (!frame_) return reply_->Take();
    ReplyPromise<T>& promise = frame_.promise();
    if (std::exchange(waits_, false)) promise.ForgetWaiter();
    return promise.Take();
  }

  bool Cancel() override {
    StopWaiting();
    cancelled_ = true;
    return true;
  }
  void StopWaiting() override {
    if (std::exchange(waits_, false)) frame_.promise().ForgetWaiter();
  }

 private:
  // Its outcome is another await's, or was: the failure takes a turn, as all do.
  bool TakenBefore() const {
    return frame_ ? frame_.promise().awaited() || frame_.promise().taken() : reply_->taken_;
  }

  Reply<T>* const reply_;
  const std::coroutine_handle<ReplyPromise<T>> frame_;
  bool waits_ = false;
  bool twice_ = false;
  bool cancelled_ = false;
};

}  // namespace internal

// What a handler answers with: an outcome, or a coroutine that will have one. An immediate outcome
// allocates nothing. A handler, and any helper it awaits, may be a coroutine that returns this.
//
// Thread:   the shard that made it.
// Lifetime: dropping it before it is done drops the coroutine, and so cancels what that awaits. One
//           that is in an Offload, or that created one that is, lives until the function has
//           returned; it is not resumed. A Reply that an actor keeps runs on beside the actor's
//           handlers, and ends with the actor's life.
// Errors:   INTERNAL for a coroutine that ends without co_return, and for an OK status where a
//           value is due; FAILED_PRECONDITION for the second of two awaits; CANCELLED if the Reply
//           is destroyed while it is awaited.
template <typename T>
class [[nodiscard("co_await it: a coroutine whose Reply is dropped is cancelled")]] Reply {
 public:
  using promise_type = internal::ReplyPromise<T>;
  using Outcome = internal::Outcome<T>;
  using TroupeAwait = void;

  template <typename U>
  requires(std::is_convertible_v<U&&, Outcome> && !internal::Awaits<U>)
      Reply(U && outcome)  // NOLINT: return x; is the point.
      : outcome_(internal::ToOutcome<T>(std::forward<U>(outcome))) {}

  // Chosen only to say at the caller's line what is missing.
  template <internal::Awaits U>
  requires(!std::is_same_v<std::decay_t<U>, Reply>)
      __attribute__((unavailable("an outcome is due, and this is to be awaited: co_return co_await "
                                 "it"))) Reply(U && awaited);  // NOLINT: as above.
  __attribute__((unavailable("co_await it for its outcome"))) operator Outcome() const;

  Reply(Reply && other) noexcept
      : frame_(std::exchange(other.frame_, nullptr)),
        outcome_(std::move(other.outcome_)),
        taken_(std::exchange(other.taken_, true)) {}
  Reply& operator=(Reply&& other) noexcept {
    if (this != &other) {
      Drop();
      frame_ = std::exchange(other.frame_, nullptr);
      outcome_ = std::move(other.outcome_);
      taken_ = std::exchange(other.taken_, true);
    }
    return *this;
  }
  ~Reply() { Drop(); }

  // Whether it has its outcome.
  bool done() const { return !frame_ || frame_.done(); }

  // The outcome, once. Requires done(). Throws what the coroutine threw.
  Outcome Take() {
    if (frame_ || taken_) [[unlikely]]
      return frame_ ? frame_.promise().Take() : internal::AwaitedTwice();
    taken_ = true;
    return std::move(outcome_);
  }

  // The coroutine, now the caller's to destroy.
  promise_type& Detach() { return std::exchange(frame_, nullptr).promise(); }

  internal::ReplyAwaiter<T> operator co_await() { return internal::ReplyAwaiter<T>(*this); }

 private:
  friend promise_type;
  friend class internal::ReplyAwaiter<T>;
  explicit Reply(std::coroutine_handle<promise_type> frame)
      : frame_(frame), outcome_(internal::NoOutcome()) {}

  void Drop() {
    if (frame_) std::exchange(frame_, nullptr).promise().Drop();
  }

  std::coroutine_handle<promise_type> frame_;
  Outcome outcome_;
  bool taken_ = false;
};

namespace internal {

template <typename T>
Reply<T> ReplyPromise<T>::get_return_object() {
  return Reply<T>(std::coroutine_handle<ReplyPromise<T>>::from_promise(*this));
}

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_REPLY_H_
