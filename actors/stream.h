#ifndef TROUPE_ACTORS_STREAM_H_
#define TROUPE_ACTORS_STREAM_H_

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "troupe/actors/asks/outcome.h"
#include "troupe/actors/asks/pending_ask.h"
#include "troupe/actors/asks/shared_state.h"
#include "troupe/actors/asks/sink_state.h"
#include "troupe/actors/call.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/coroutines/coroutine_frame.h"
#include "troupe/actors/coroutines/suspension.h"
#include "troupe/actors/shard/place.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/base/check.h"

namespace troupe {
namespace internal {

// The reading end: items that came and were not read, and the outcome once it is there.
template <typename T>
class StreamState final : public PendingAsk, public Shared {
 public:
  ~StreamState() {
    if (pending()) DropAsk(*this);
  }

  void OnItem(void* value) override {
    items_.push_back(std::move(*static_cast<T*>(value)));
    Wake();
  }
  void OnReply(absl::Status status, void*) override {
    end_ = std::move(status);
    Wake();
  }
  void Wake() {
    if (waiter_ != nullptr) Shard::Current()->activations().Resume(*waiter_);
  }

  bool has_waiter() const { return waiter_ != nullptr; }
  bool has_item() const { return first_item_ < items_.size(); }
  bool ended() const { return end_.has_value(); }
  absl::StatusOr<std::optional<T>> Take();
  void Await(Suspension& waiter) { waiter_ = &waiter; }
  // `waiter` waits no more, if it did.
  void Leave(const Suspension& waiter) {
    if (waiter_ == &waiter) waiter_ = nullptr;
  }
  void Abandon(absl::Status why) {
    if (pending()) why = DropAsk(*this, std::move(why));
    if (end_.has_value()) return;
    end_ = std::move(why);
    Wake();
  }

 private:
  // Those that were read stay in front of first_item_ until they are as many as the others: a
  // stream without items has no memory for any.
  std::vector<T> items_;
  size_t first_item_ = 0;
  std::optional<absl::Status> end_;
  Suspension* waiter_ = nullptr;
  uint32_t taken_ = 0;  // Read, and not yet granted again.
};

// Tells the writer of `ask` at `target` that there is room for `items` more.
void GrantCredit(const AnyRef& target, uint64_t ask, uint32_t items);

}  // namespace internal

// The writing end of a server stream, for its handler.
//
// Thread:   the handler's shard.
// Lifetime: until the handler's Reply completes; what is written later fails.
template <typename T>
class Sink {
 public:
  explicit Sink(internal::SharedState<internal::SinkState> state) : state_(std::move(state)) {}

  // co_await out.Write(item): OK once the reader has room for it and it is on its way. Writes that
  // wait side by side, in coroutines of one handler, get room in their order.
  // Errors: CANCELLED when the reader or its node has gone; FAILED_PRECONDITION once the handler
  //         has answered, and for a Sink that was moved from.
  [[nodiscard]] internal::SinkWrite<T> Write(T item) {
    return internal::SinkWrite<T>(state_, std::move(item));
  }

 private:
  internal::SharedState<internal::SinkState> state_;
};

// The reading end of a server stream. Nothing is sent before the first Next() or Start().
//
// Thread:   the shard it was made on.
// Lifetime: dropping it cancels the stream at the writer.
// Bounds:   limits.stream_credit_items wait unread.
template <typename T>
class [[nodiscard(
    "co_await its Next() until the end: a stream that is dropped is cancelled")]] Stream {
 public:
  using TroupeItem = T;

  Stream(const AnyRef& target, internal::Envelope* envelope)
      : target_(target), envelope_(envelope) {}
  Stream(Stream && other) noexcept
      : target_(other.target_),
        envelope_(std::exchange(other.envelope_, nullptr)),
        timeout_(other.timeout_),
        state_(std::move(other.state_)) {}
  Stream& operator=(Stream&& other) noexcept {
    if (this == &other) return *this;
    Drop();
    target_ = other.target_;
    envelope_ = std::exchange(other.envelope_, nullptr);
    timeout_ = other.timeout_;
    state_ = std::move(other.state_);
    return *this;
  }
  ~Stream() { Drop(); }

  // The whole stream's time. Default: infinite.
  Stream Within(absl::Duration timeout)&& {
    timeout_ = timeout;
    return std::move(*this);
  }
  Stream Start()&& {
    Begin();
    return std::move(*this);
  }

  // A thread that is no shard's cannot read a stream.
  __attribute__((
      unavailable("a stream has no Wait(): co_await its Next() in an actor's handler"))) void
  Wait();

  class NextAwaiter final : public internal::Suspension {
   public:
    using TroupeAwait = void;

    explicit NextAwaiter(internal::SharedState<internal::StreamState<T>> state)
        : state_(std::move(state)) {}
    ~NextAwaiter() { NextAwaiter::StopWaiting(); }

    bool await_ready() {
      internal::CheckOwned(*state_, "Stream::Next()");
      TROUPE_CHECK_MSG(!state_->has_waiter(),
                       "Next() while another one waits: a stream has one reader at a time");
      cancelled_ = internal::Shard::Current()->activations().CurrentCancelled();
      return !cancelled_ && state_->has_item();
    }
    template <std::derived_from<internal::CoroutineFrame> P>
    void await_suspend(std::coroutine_handle<P> handle) {
      // The end is told again and again, but once a turn.
      if (cancelled_ || state_->ended()) return handle.promise().WaitForTurn(*this);
      state_->Await(*this);
      handle.promise().Wait(*this);
    }
    absl::StatusOr<std::optional<T>> await_resume() {
      if (cancelled_) return internal::CancelledSent();
      StopWaiting();
      return state_->Take();
    }

    bool Cancel() override {
      StopWaiting();
      cancelled_ = true;
      return true;
    }
    void StopWaiting() override { state_->Leave(*this); }

   private:
    const internal::SharedState<internal::StreamState<T>> state_;
    bool cancelled_ = false;
  };

  // co_await stream.Next(): the next item; empty after the last one; the stream's error each time
  // after an error; CANCELLED in a handler that was cancelled, while the stream goes on for whoever
  // holds it. Only one coroutine at a time may wait.
  [[nodiscard]] NextAwaiter Next() {
    Begin();
    return NextAwaiter(state_);
  }

 private:
  void Begin() {
    if (state_) return;
    internal::SharedState<internal::StreamState<T>> state(new internal::StreamState<T>);
    internal::StartAsk(*state, target_, std::exchange(envelope_, nullptr), timeout_);
    state_ = std::move(state);
  }
  void Drop() {
    if (envelope_ != nullptr) internal::DiscardUnsent(envelope_);
    if (state_) state_->Abandon(internal::DroppedAwait());
  }

  AnyRef target_;
  internal::Envelope* envelope_;
  absl::Duration timeout_ = absl::InfiniteDuration();
  internal::SharedState<internal::StreamState<T>> state_;
};

// Implementation details follow.
namespace internal {

template <typename T>
absl::StatusOr<std::optional<T>> StreamState<T>::Take() {
  if (!has_item()) {
    if (end_->ok()) return std::optional<T>();
    return *end_;
  }
  std::optional<T> item(std::move(items_[first_item_]));
  if (++first_item_ * 2 >= items_.size()) {
    items_.erase(items_.begin(), items_.begin() + static_cast<ptrdiff_t>(first_item_));
    first_item_ = 0;
  }
  // Credit goes back for half a window at a time: few messages, and the writer seldom waits.
  if (++taken_ >= (Shard::Current()->limits().stream_credit_items + 1) / 2 && pending()) {
    GrantCredit(target(), id(), std::exchange(taken_, 0));
  }
  return item;
}

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_STREAM_H_
