#ifndef TROUPE_ACTORS_CALL_H_
#define TROUPE_ACTORS_CALL_H_

#include <concepts>
#include <coroutine>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "troupe/actors/asks/ask_state.h"
#include "troupe/actors/asks/outcome.h"
#include "troupe/actors/asks/pending_ask.h"
#include "troupe/actors/asks/runtime_wait.h"
#include "troupe/actors/asks/shared_state.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/coroutines/coroutine_frame.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/shard/place.h"
#include "troupe/actors/shard/shard.h"

namespace troupe {

template <typename T>
class Pending;

namespace internal {

// Sends a call and waits for it, all inside the awaiting coroutine's frame.
template <typename T>
class CallAwaiter {
 public:
  CallAwaiter(const AnyRef& target, Envelope* envelope, absl::Duration timeout)
      : target_(target), envelope_(envelope), timeout_(timeout), waiter_(&state_) {}
  ~CallAwaiter() {
    if (envelope_ != nullptr) DiscardUnsent(envelope_);
  }
  CallAwaiter(const CallAwaiter&) = delete;
  CallAwaiter& operator=(const CallAwaiter&) = delete;

  using TroupeAwait = void;

  bool await_ready() {
    if (ShardHere("co_await of a call").activations().CurrentCancelled()) {
      state_.Abandon(CancelledUnsent());
    } else {
      StartAsk(state_, target_, std::exchange(envelope_, nullptr), timeout_);
    }
    return waiter_.await_ready();
  }
  template <std::derived_from<CoroutineFrame> P>
  void await_suspend(std::coroutine_handle<P> handle) {
    waiter_.await_suspend(handle);
  }
  Outcome<T> await_resume() { return state_.Take(); }

 private:
  const AnyRef target_;
  Envelope* envelope_;
  const absl::Duration timeout_;
  AskState<T> state_;
  AskWaiter<OnCancel::kGiveUp, T> waiter_;
};

// Waits for requests that were started, inside the awaiting coroutine's frame.
template <typename... T>
class PendingWaiter {
  using Waiter = AskWaiter<OnCancel::kLeave, T...>;

 public:
  explicit PendingWaiter(SharedState<AskState<T>>... states)
      : states_(std::move(states)...),
        waiter_(std::apply([](auto&... each) { return Waiter(each.get()...); }, states_)) {}

  bool await_ready() {
    std::apply(
        [](auto&... states) {
          ((states ? CheckOwned(*states, "co_await of a request") : void()), ...);
        },
        states_);
    return waiter_.await_ready();
  }
  template <std::derived_from<CoroutineFrame> P>
  void await_suspend(std::coroutine_handle<P> handle) {
    waiter_.await_suspend(handle);
  }

 protected:
  std::tuple<Outcome<T>...> TakeAll() { return waiter_.TakeAll(); }

 private:
  const std::tuple<SharedState<AskState<T>>...> states_;
  Waiter waiter_;
};

}  // namespace internal

// A request that is written but not sent: it is sent by co_await, Start(), Wait() or All().
//
// Thread:   where it was made: a shard or, for Wait() only, any other thread.
// Lifetime: holds its own copy of the request; dropping it unsent sends nothing.
template <typename T>
class [[nodiscard(
    "co_await it, Start() it, Wait() for it or pass it to All(): a call that is dropped is never "
    "sent")]] Call {
 public:
  using TroupeAwait = void;

  Call(const AnyRef& target, internal::Envelope* envelope) : target_(target), envelope_(envelope) {}
  Call(Call && other) noexcept
      : target_(other.target_),
        envelope_(std::exchange(other.envelope_, nullptr)),
        timeout_(other.timeout_) {}
  Call& operator=(Call&&) = delete;
  ~Call() {
    if (envelope_ != nullptr) internal::DiscardUnsent(envelope_);
  }

  // Limits how long the caller waits, counted from the start of the turn that sends the request;
  // never longer than its own request's deadline.
  // Default: limits.ask_timeout.
  Call Within(absl::Duration timeout)&& {
    timeout_ = timeout;
    return std::move(*this);
  }

  // Sends it now; the outcome is awaited later.
  Pending<T> Start()&&;

  // Sends it and blocks this thread until the outcome: for workers and for threads that are no
  // shard's; a CHECK on a shard. In simulation it drives the simulation. It always has a deadline:
  // limits.ask_timeout where Within() says nothing or infinite, and on a worker never longer than
  // the time that its job has left.
  internal::Outcome<T> Wait()&&;

  // Chosen only to say at the caller's line what is missing.
  __attribute__((
      unavailable("co_await the call for its outcome, or Wait() for it on a thread that is no "
                  "shard's")))
  operator internal::Outcome<T>() const;

  internal::CallAwaiter<T> operator co_await()&& {
    return internal::CallAwaiter<T>(target_, std::exchange(envelope_, nullptr), timeout_);
  }

 private:
  AnyRef target_;
  internal::Envelope* envelope_;
  absl::Duration timeout_ = internal::kDefaultTimeout;
};

// A request that was sent. co_await it, once, for the outcome; dropping it cancels the request. An
// await that ends because its handler was cancelled leaves the request as it is: whoever holds the
// Pending may await it again.
//
// Thread: the shard it was started on.
// Errors: FAILED_PRECONDITION if it was moved from, was awaited before or is awaited by another
//         coroutine; CANCELLED if it is dropped while it is awaited, or the handler is cancelled.
template <typename T>
class [[nodiscard("co_await it: a request that is dropped is cancelled")]] Pending {
 public:
  using TroupeAwait = void;

  Pending(Pending &&) noexcept = default;
  Pending& operator=(Pending&& other) noexcept {
    if (this != &other) {
      Drop();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~Pending() { Drop(); }

  // Whether it has its outcome.
  bool done() const { return !state_ || state_->done(); }

  class Awaiter : public internal::PendingWaiter<T> {
   public:
    using internal::PendingWaiter<T>::PendingWaiter;
    internal::Outcome<T> await_resume() { return std::get<0>(this->TakeAll()); }
  };
  Awaiter operator co_await() { return Awaiter(state_); }

  // Chosen only to say at the caller's line what is missing.
  __attribute__((unavailable("co_await it for its outcome"))) operator internal::Outcome<T>() const;

 private:
  friend class Call<T>;
  template <typename... U>
  friend class Joined;
  explicit Pending(internal::SharedState<internal::AskState<T>> state) : state_(std::move(state)) {}

  void Drop() {
    if (!done()) state_->Abandon(internal::DroppedAwait());
  }

  internal::SharedState<internal::AskState<T>> state_;
};

// Several requests that were sent; co_await returns the tuple of their outcomes, in order.
template <typename... T>
class [[nodiscard("co_await it: requests that are dropped are cancelled")]] Joined {
 public:
  using TroupeAwait = void;

  explicit Joined(Pending<T>... pending) : pending_(std::move(pending)...) {}

  class Awaiter : public internal::PendingWaiter<T...> {
   public:
    using internal::PendingWaiter<T...>::PendingWaiter;
    std::tuple<internal::Outcome<T>...> await_resume() { return this->TakeAll(); }
  };
  Awaiter operator co_await() {
    return std::apply([](auto&... each) { return Awaiter(each.state_...); }, pending_);
  }

 private:
  std::tuple<Pending<T>...> pending_;
};

// Sends all the calls now, in order; await the result for all the outcomes.
template <typename... T>
Joined<T...> All(Call<T>... calls) {
  // In braces: the arguments of a call in parentheses are evaluated in any order.
  return Joined<T...>{std::move(calls).Start()...};
}

// Chosen only to say at the caller's line why the one above cannot be.
template <typename T>
__attribute__((
    unavailable("All() takes the calls one by one; of a vector, Start() each into a "
                "std::vector<troupe::Pending<T>> and co_await those in turn"))) Joined<T>
All(std::vector<Call<T>> calls);

// Implementation details follow.

template <typename T>
Pending<T> Call<T>::Start() && {
  internal::SharedState<internal::AskState<T>> state(new internal::AskState<T>);
  internal::StartAsk(*state, target_, std::exchange(envelope_, nullptr), timeout_);
  return Pending<T>(std::move(state));
}

template <typename T>
internal::Outcome<T> Call<T>::Wait() && {
  auto* const wait = new internal::WaitState<T>(internal::MakeWaitEvent(target_));
  internal::RunWait(*wait, target_, std::exchange(envelope_, nullptr), timeout_);
  internal::Outcome<T> outcome = wait->Take();
  wait->LetGo();
  return outcome;
}

}  // namespace troupe

#endif  // TROUPE_ACTORS_CALL_H_
