#ifndef TROUPE_ACTORS_ASKS_ASK_STATE_H_
#define TROUPE_ACTORS_ASKS_ASK_STATE_H_

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "troupe/actors/asks/outcome.h"
#include "troupe/actors/asks/pending_ask.h"
#include "troupe/actors/asks/shared_state.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/coroutines/coroutine_frame.h"
#include "troupe/actors/coroutines/suspension.h"
#include "troupe/actors/shard/shard.h"

namespace troupe::internal {

// Where a handler waits for one or more requests.
class AskJoin : public Suspension {
 public:
  using TroupeAwait = void;

  void Expect() { ++outstanding_; }
  void OneDone() {
    if (--outstanding_ == 0 && suspended()) Shard::Current()->activations().Resume(*this);
  }

 protected:
  ~AskJoin() = default;
  bool outstanding() const { return outstanding_ > 0; }
  // Waits for those that are outstanding; when there are none, they failed at once: that takes a
  // turn, so that whoever tries again and again holds nobody up.
  void WaitIn(CoroutineFrame& frame) {
    if (outstanding()) {
      frame.Wait(*this);
    } else {
      frame.WaitForTurn(*this);
    }
  }

 private:
  int outstanding_ = 0;
};

// A request that was sent and whose outcome is a T, and the handler that may wait for it.
template <typename T>
class AskState final : public PendingAsk, public Shared {
 public:
  AskState() = default;
  ~AskState() {
    if (pending()) DropAsk(*this);
  }

  void OnReply(absl::Status status, void* value) override {
    Receive<T>(outcome_, std::move(status), value);
    if (join_ != nullptr) std::exchange(join_, nullptr)->OneDone();
  }

  // The caller gives up, or never begins.
  void Abandon(absl::Status status) {
    if (pending()) status = DropAsk(*this, std::move(status));
    OnReply(std::move(status), nullptr);
  }

  bool done() const { return !pending(); }
  bool ok() const { return outcome_.has_value() && outcome_->ok(); }
  Outcome<T> Take() {
    return outcome_.has_value() ? *std::exchange(outcome_, std::nullopt) : AskTakenBefore();
  }
  // Counts this request in `join`, unless it has its outcome. False if another await counts it.
  bool Join(AskJoin& join) {
    if (join_ != nullptr) return false;
    if (done()) return true;
    join_ = &join;
    join.Expect();
    return true;
  }
  // `join` waits no more.
  void Leave(const AskJoin& join) {
    if (join_ == &join) join_ = nullptr;
  }

 private:
  std::optional<Outcome<T>> outcome_;
  AskJoin* join_ = nullptr;
};

// What becomes of requests whose await is cancelled.
enum class OnCancel : uint8_t {
  kGiveUp,  // The await's own: they end with it.
  kLeave,   // They go on until their owner drops them, and may be awaited again.
};

// Waits for requests whose states live elsewhere. One that is null has no outcome to wait for.
template <OnCancel kOnCancel, typename... T>
class AskWaiter final : public AskJoin {
 public:
  explicit AskWaiter(AskState<T>*... asks) : asks_(asks...) {}
  ~AskWaiter() { AskWaiter::StopWaiting(); }

  bool await_ready() {
    bool all_ok = true;
    ForEach([&](auto*& ask) {
      if (ask != nullptr && !ask->Join(*this)) ask = nullptr;
      all_ok = all_ok && ask != nullptr && ask->ok();
    });
    return all_ok;
  }
  template <std::derived_from<CoroutineFrame> P>
  void await_suspend(std::coroutine_handle<P> handle) {
    WaitIn(handle.promise());
  }
  std::tuple<Outcome<T>...> TakeAll() {
    const auto take = [this](auto* ask) {
      using Taken = decltype(ask->Take());
      // What it has left is another await's, although it may have come meanwhile.
      if (left_) return Taken(CancelledSent());
      return ask != nullptr ? ask->Take() : Taken(AskTakenBefore());
    };
    return std::apply([&](auto*... asks) { return std::tuple<Outcome<T>...>(take(asks)...); },
                      asks_);
  }

  bool Cancel() override {
    if constexpr (kOnCancel == OnCancel::kGiveUp) {
      ForEach([](auto*& ask) {
        if (ask != nullptr && !ask->done()) ask->Abandon(CancelledAwait());
      });
    } else {
      StopWaiting();
      left_ = true;
    }
    return true;
  }
  void StopWaiting() override {
    ForEach([this](auto*& ask) {
      if (ask != nullptr) ask->Leave(*this);
    });
  }

 private:
  template <typename Visit>
  void ForEach(Visit visit) {
    std::apply([&](auto*&... asks) { (visit(asks), ...); }, asks_);
  }

  std::tuple<AskState<T>*...> asks_;
  bool left_ = false;  // Cancelled: it counts none of them any more.
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ASKS_ASK_STATE_H_
