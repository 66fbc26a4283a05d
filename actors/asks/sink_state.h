#ifndef TROUPE_ACTORS_ASKS_SINK_STATE_H_
#define TROUPE_ACTORS_ASKS_SINK_STATE_H_

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "troupe/actors/asks/outcome.h"
#include "troupe/actors/asks/request_server.h"
#include "troupe/actors/asks/shared_state.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/coroutines/coroutine_frame.h"
#include "troupe/actors/coroutines/suspension.h"
#include "troupe/actors/shard/place.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/dispatch.h"

namespace troupe::internal {

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

// How far the writer of the stream that `request` asks for may be ahead when it begins.
uint32_t InitialCredit(const Shard& shard, const Envelope& request);
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
absl::Status SinkMovedFrom();
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
    if (!state_) return false;
    CheckIsHere(Shard::Current() == &state_->shard(), "Sink::Write()");
    Shard& shard = *Shard::Current();
    const uint16_t reader_shard = state_->reader_shard();
    if (reader_shard != shard.index()) bytes_ = ItemSpace(value_);
    cancelled_ = shard.activations().CurrentCancelled();
    if (cancelled_ || state_->closed() || !WayIsFree(reader_shard)) return false;
    refused_ = BeginItem(reader_shard, bytes_);
    return refused_.ok() && state_->TrySpend();
  }
  template <std::derived_from<CoroutineFrame> P>
  void await_suspend(std::coroutine_handle<P> handle) {
    CoroutineFrame& frame = handle.promise();
    if (!state_ || state_->closed() || !refused_.ok()) return frame.WaitForTurn(*this);
    // An actor that is held has room, but runs only once the way to the reader has some too.
    const bool has_room = !cancelled_ && state_->TryKeep(*this);
    if (!cancelled_ && !has_room) state_->Wait(*this);
    frame.Wait(*this);
    if (has_room) Shard::Current()->activations().Resume(*this);
  }
  absl::Status await_resume() {
    if (cancelled_) return CancelledAwait();
    if (!state_) return SinkMovedFrom();
    if (state_->closed()) return StreamHasEnded();
    if (!refused_.ok()) return refused_;
    SinkState::UseRoom(*this);
    const uint16_t reader_shard = state_->reader_shard();
    absl::Status room = BeginItem(reader_shard, bytes_);
    if (!room.ok()) {
      state_->Grant(1);  // What it took is not used.
      return room;
    }
    SendDataTo(*Shard::Current(), reader_shard, StreamItem<T>{state_->ask(), std::move(value_)},
               bytes_);
    HoldIfFull(reader_shard);
    return absl::OkStatus();
  }

  bool Cancel() override {
    cancelled_ = true;
    StopWaiting();
    return true;
  }
  void StopWaiting() override {
    if (state_) state_->Leave(*this);
  }
  bool MayResume() override {
    return cancelled_ || !state_ || state_->closed() || WayIsFree(state_->reader_shard());
  }

 private:
  const SharedState<SinkState> state_;  // Null: of a Sink that was moved from.
  T value_;
  size_t bytes_ = 0;      // Besides its own size; on the way to another shard.
  absl::Status refused_;  // It can never fit, or not now: that takes a turn.
  bool cancelled_ = false;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ASKS_SINK_STATE_H_
