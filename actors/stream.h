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
#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/asks/pending_ask.h"
#include "troupe/actors/asks/shared_state.h"
#include "troupe/actors/call.h"
#include "troupe/actors/runtime/activations.h"
#include "troupe/actors/runtime/coroutine_frame.h"
#include "troupe/actors/runtime/place.h"
#include "troupe/actors/runtime/shard.h"
#include "troupe/actors/runtime/suspension.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/base/check.h"

namespace troupe {
namespace internal {

// One write to a stream, which may have to wait for room.
class SinkWaiter : public Suspension {
 protected:
  ~SinkWaiter() = default;

 private:
  friend class SinkState;

  SinkWaiter* next_waiter_ = nullptr;
  SinkWaiter* prev_waiter_ = nullptr;
  bool waits_ = false;
  bool has_room_ = false;  // Room is kept for it, until it is used.
};

// The writing end of one stream: how many items its reader has room for, and the writes that wait
// for room, oldest first.
//
// Thread:   the callee's shard.
// Lifetime: closed when the handler has ended; its Sinks hold it beyond that.
class SinkState final : public RequestServer, public Shared {
 public:
  SinkState(const Shard& shard, uint16_t reader_shard, uint64_t ask, uint32_t credit)
      : shard_(shard), reader_shard_(reader_shard), ask_(ask), credit_(credit) {}

  const Shard& shard() const { return shard_; }
  uint16_t reader_shard() const { return reader_shard_; }
  uint64_t ask() const { return ask_; }
  // The handler has ended: nothing can be written any more.
  bool closed() const { return closed_; }
  // Takes room for one item, if there is some: then nobody waits for it.
  bool TrySpend() {
    if (credit_ == 0) return false;
    --credit_;
    return true;
  }
  void OnCredit(uint32_t items) override { Grant(items); }
  // The activation lets go of it.
  void OnClosed() override;
  // Keeps the room for those that wait, as far as it goes, and resumes them.
  void Grant(uint32_t items);
  void Wait(SinkWaiter& waiter);
  // Takes room for one item, to be kept for `waiter`, if there is some.
  bool TryKeep(SinkWaiter& waiter) {
    waiter.has_room_ = TrySpend();
    return waiter.has_room_;
  }
  // It waits no more. Room that is kept for it goes to the next.
  void Leave(SinkWaiter& waiter);
  // It goes on: the room that was kept for it is its own.
  static void UseRoom(SinkWaiter& waiter) { waiter.has_room_ = false; }

 private:
  const Shard& shard_;
  const uint16_t reader_shard_;
  const uint64_t ask_;
  uint32_t credit_;
  bool closed_ = false;
  SinkWaiter* first_ = nullptr;
  SinkWaiter* last_ = nullptr;
};

// The sink of the stream that `envelope` asked for: registered until CloseSink.
SharedState<SinkState> OpenSink(Envelope& envelope);
void CloseSink(Envelope& envelope);

// A sink whose handler has not been suspended yet.
class SinkGuard {
 public:
  explicit SinkGuard(Envelope& envelope) : envelope_(&envelope), state_(OpenSink(envelope)) {}
  ~SinkGuard() {
    if (envelope_ != nullptr) CloseSink(*envelope_);
  }
  SinkGuard(const SinkGuard&) = delete;
  SinkGuard& operator=(const SinkGuard&) = delete;

  const SharedState<SinkState>& state() const { return state_; }
  void Release() { envelope_ = nullptr; }

 private:
  Envelope* envelope_;
  const SharedState<SinkState> state_;
};

// Gives an item to the reader `ask`, on its shard.
void DeliverItem(Shard& shard, uint64_t ask, void* value);
absl::Status StreamHasEnded();
// The actor that runs may write an item to that shard: nothing that it wrote waits for room on a
// way. Holds the actor if it may not.
bool WayIsFree(uint16_t shard);
// Whether an item of `bytes` may be sent to that shard.
absl::Status BeginItem(uint16_t shard, size_t bytes);
// A reply or an item was sent to that shard: whoever wrote it waits if too many are on their way.
void HoldIfFull(uint16_t shard);
// What an item takes besides its own size.
template <typename T>
size_t ItemSpace(const T& item) {
  if constexpr (requires { item.SpaceUsedLong(); }) {
    return item.SpaceUsedLong() - sizeof(T);
  } else {
    return TroupeBytes(item);
  }
}

template <typename T>
struct StreamItem {
  uint64_t ask;
  T value;

  void operator()(Shard& shard) { DeliverItem(shard, ask, &value); }
};

template <typename T>
class SinkWrite final : public SinkWaiter {
 public:
  using TroupeAwait = void;

  SinkWrite(SharedState<SinkState> state, T value)
      : state_(std::move(state)), value_(std::move(value)) {}
  ~SinkWrite() { SinkWrite::StopWaiting(); }

  bool await_ready() {
    CheckIsHere(Shard::Current() == &state_->shard(), "Sink::Write()");
    cancelled_ = Shard::Current()->activations().CurrentCancelled();
    return !cancelled_ && !state_->closed() && WayIsFree(state_->reader_shard()) &&
           state_->TrySpend();
  }
  template <std::derived_from<CoroutineFrame> P>
  void await_suspend(std::coroutine_handle<P> handle) {
    CoroutineFrame& frame = handle.promise();
    if (state_->closed()) return frame.WaitForTurn(*this);
    // An actor that is held has room, but runs only once the way to the reader has some too.
    const bool has_room = !cancelled_ && state_->TryKeep(*this);
    if (!cancelled_ && !has_room) state_->Wait(*this);
    frame.Wait(*this);
    if (has_room) Shard::Current()->activations().Resume(*this);
  }
  absl::Status await_resume() {
    if (cancelled_) return CancelledAwait();
    if (state_->closed()) return StreamHasEnded();
    SinkState::UseRoom(*this);
    const uint16_t reader_shard = state_->reader_shard();
    Shard& shard = *Shard::Current();
    const size_t bytes = reader_shard == shard.index() ? 0 : ItemSpace(value_);
    absl::Status room = BeginItem(reader_shard, bytes);
    if (!room.ok()) {
      state_->Grant(1);  // What it took is not used.
      return room;
    }
    SendDataTo(shard, reader_shard, StreamItem<T>{state_->ask(), std::move(value_)}, bytes);
    HoldIfFull(reader_shard);
    return absl::OkStatus();
  }

  bool Cancel() override {
    cancelled_ = true;
    state_->Leave(*this);
    return true;
  }
  void StopWaiting() override { state_->Leave(*this); }
  bool MayResume() override {
    return cancelled_ || state_->closed() || WayIsFree(state_->reader_shard());
  }

 private:
  const SharedState<SinkState> state_;
  T value_;
  bool cancelled_ = false;
};

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
    if (pending()) DropAsk(*this);
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
  //         has answered.
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
      if (internal::Shard::Current()->activations().CurrentCancelled()) {
        state_->Abandon(internal::CancelledAwait());
      }
      return state_->has_item();
    }
    template <std::derived_from<internal::CoroutineFrame> P>
    void await_suspend(std::coroutine_handle<P> handle) {
      // The end is told again and again, but once a turn.
      if (state_->ended()) return handle.promise().WaitForTurn(*this);
      state_->Await(*this);
      handle.promise().Wait(*this);
    }
    absl::StatusOr<std::optional<T>> await_resume() {
      StopWaiting();
      return state_->Take();
    }

    bool Cancel() override {
      state_->Abandon(internal::CancelledAwait());
      return true;
    }
    void StopWaiting() override { state_->Leave(*this); }

   private:
    const internal::SharedState<internal::StreamState<T>> state_;
  };

  // co_await stream.Next(): the next item; empty after the last one; the stream's error each time
  // after an error. Only one coroutine at a time may wait.
  [[nodiscard]] NextAwaiter Next() {
    Begin();
    return NextAwaiter(state_);
  }

 private:
  void Begin() {
    if (state_) return;
    internal::ShardHere("Stream::Start() or Next()");
    state_ = internal::SharedState(new internal::StreamState<T>);
    internal::Shard::Current()->asks().Start(*state_, target_, std::exchange(envelope_, nullptr),
                                             timeout_);
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
