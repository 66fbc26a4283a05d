#ifndef TROUPE_ACTORS_TYPING_DISPATCH_H_
#define TROUPE_ACTORS_TYPING_DISPATCH_H_

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

#include "troupe/actors/actor.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/events.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/handles.h"
#include "troupe/actors/typing/instance.h"
#include "troupe/actors/typing/type_name.h"

namespace troupe::internal {

// Destroys a payload when its handler is done, by return or by exception.
template <typename M>
class PayloadGuard {
 public:
  explicit PayloadGuard(Envelope& envelope) : envelope_(&envelope) {}
  ~PayloadGuard() {
    if (envelope_ != nullptr) DestroyPayload<M>(*envelope_);
  }
  PayloadGuard(const PayloadGuard&) = delete;
  PayloadGuard& operator=(const PayloadGuard&) = delete;

  void Release() { envelope_ = nullptr; }

 private:
  Envelope* envelope_;
};

// Destroys a coroutine at the end of a scope.
template <typename Promise>
class FrameGuard {
 public:
  explicit FrameGuard(std::coroutine_handle<Promise> frame) : frame_(frame) {}
  ~FrameGuard() { frame_.destroy(); }
  FrameGuard(const FrameGuard&) = delete;
  FrameGuard& operator=(const FrameGuard&) = delete;

 private:
  std::coroutine_handle<Promise> frame_;
};

// The running handler waits; see Activations::Park().
Progress Park(Envelope& envelope, CoroutineFrame& root);

// A one-way handler has nobody to tell of its outcome but the counters and the log.
void NoteOneWayOutcome(const absl::Status& status, const MessageType& type);

template <typename M>
Progress SettleOneWay(Reply<void> reply, Envelope& envelope, PayloadGuard<M>& guard) {
  if (!reply.done()) {
    guard.Release();
    return Park(envelope, reply.Detach());
  }
  const absl::Status status = reply.Take();
  if (!status.ok()) [[unlikely]]
    NoteOneWayOutcome(status, *envelope.type);
  return Progress::kDone;
}

template <typename M>
void CompleteOneWay(Envelope& envelope, std::coroutine_handle<> root) {
  PayloadGuard<M> guard(envelope);
  const auto frame = std::coroutine_handle<ReplyPromise<void>>::from_address(root.address());
  FrameGuard<ReplyPromise<void>> frame_guard(frame);
  const absl::Status status = frame.promise().Take();
  if (!status.ok()) NoteOneWayOutcome(status, *envelope.type);
}

template <typename A, typename M>
Progress DispatchMessage(Actor* actor, Envelope& envelope) {
  PayloadGuard<M> guard(envelope);
  A* const self = static_cast<A*>(actor);
  Context& context = envelope;
  using Result = decltype(self->On(context, std::move(PayloadAs<M>(envelope))));
  if constexpr (std::is_void_v<Result>) {
    self->On(context, std::move(PayloadAs<M>(envelope)));
    return Progress::kDone;
  } else {
    static_assert(std::is_same_v<Result, Reply<void>>, "On() returns void or troupe::Reply<void>");
    return SettleOneWay<M>(self->On(context, std::move(PayloadAs<M>(envelope))), envelope, guard);
  }
}

// Sends what a worker's handler is given to the pool behind the handle; in worker.h.
template <typename W, typename M>
Progress DispatchToWorker(Actor* front, Envelope& envelope);

template <typename A, typename M>
constexpr MessageType MakeMessageType() {
  if constexpr (IsWorker<A>) {
    return {.dispatch = &DispatchToWorker<A, M>,
            .destroy = &DestroyPayload<M>,
            .name = TypeName<M>(),
            .copy_bytes = std::is_trivially_copyable_v<M>};
  } else {
    return {.dispatch = &DispatchMessage<A, M>,
            .destroy = &DestroyPayload<M>,
            .complete = &CompleteOneWay<M>,
            .name = TypeName<M>(),
            .copy_bytes = std::is_trivially_copyable_v<M>};
  }
}

// The one description of messages M to actors A.
template <typename A, typename M>
inline constexpr MessageType kMessageType = MakeMessageType<A, M>();

template <typename A>
concept HasService = requires {
  typename A::Service;
};

// Whether A has an OnStart or an OnStop of its own; a private one cannot be named here.
template <typename A>
constexpr bool kHasOnStart = !requires {
  { &A::OnStart } -> std::same_as<Reply<void> (Actor::*)(Context&)>;
};
template <typename A>
constexpr bool kHasOnStop = !requires {
  { &A::OnStop } -> std::same_as<Reply<void> (Actor::*)(Context&, StopReason)>;
};

template <typename A>
constexpr ActorInfo MakeActorInfo() {
  ActorInfo info{.name = TypeName<A>()};
  if constexpr (!IsWorker<A>) {
    info.has_on_start = kHasOnStart<A>;
    info.has_on_stop = kHasOnStop<A>;
  }
  if constexpr (HasService<A>) info.service = &A::Service::kServiceInfo;
  if constexpr (!IsWorker<A>) {
    if constexpr (HandlesIn<A, Context, Undelivered>) {
      info.undelivered = &kMessageType<A, Undelivered>;
    }
  }
  return info;
}

template <typename A>
inline constexpr ActorInfo kActorInfo = MakeActorInfo<A>();

template <typename A, typename Made, typename Memory>
inline constexpr InstanceType kInstanceType = {.info = &kActorInfo<A>,
                                               .create = &Made::Create,
                                               .destroy = &Made::Destroy,
                                               .dispose = &Made::template Dispose<Memory>,
                                               .restartable = Made::kRestartable};

// In memory of this thread's shard, which is to be the actor's, or of the heap.
template <typename A, bool kOnce, bool kOnItsShard, typename... Args>
InstancePtr MakeInstance(Args&&... args) {
  using Made = InstanceOf<A, kOnce, std::decay_t<Args>...>;
  constexpr bool kPooled = kOnItsShard && alignof(Made) <= alignof(std::max_align_t);
  using Memory = InstanceMemory<sizeof(Made), alignof(Made), kPooled>;
  Memory memory;
  InstancePtr instance(new (memory.place())
                           Made(&kInstanceType<A, Made, Memory>, std::forward<Args>(args)...));
  memory.Release();
  return instance;
}

// A message from the runtime to itself on some shard: runs M's operator() there.
template <typename M>
Progress DispatchControl(Actor*, Envelope& envelope) {
  PayloadGuard<M> guard(envelope);
  PayloadAs<M>(envelope)(*Shard::Current());
  return Progress::kDone;
}
template <typename M>
inline constexpr MessageType kControlType = {.dispatch = &DispatchControl<M>,
                                             .destroy = &DestroyPayload<M>,
                                             .name = TypeName<M>(),
                                             .copy_bytes = std::is_trivially_copyable_v<M>};

template <typename M>
Envelope* EncloseControl(Shard& from, M message) {
  Envelope* const envelope = from.NewEnvelope(&kControlType<M>);
  from.SetPayload(envelope, std::move(message), 0);
  envelope->slot = kShardSlot;
  return envelope;
}

// On this shard now, or on another in its order among the messages and replies that this shard
// sends there. `extra_bytes` is what it takes besides its own size.
template <typename M>
void SendDataTo(Shard& from, uint16_t shard, M message, size_t extra_bytes = 0) {
  if (shard == from.index()) return static_cast<void>(message(from));
  Envelope* const envelope = EncloseControl(from, std::move(message));
  envelope->bytes = ChargedBytes(envelope->bytes + extra_bytes);
  from.PushTo(shard, envelope);
}

// On this shard now, or on another in the lane of what runtimes say to each other.
template <typename M>
void SendControlTo(Shard& from, uint16_t shard, M message) {
  if (shard == from.index()) return static_cast<void>(message(from));
  from.PushControlTo(shard, EncloseControl(from, std::move(message)));
}

// A failed request's outcome, on its way to the asker's shard.
struct FailAsk {
  uint64_t ask;
  absl::Status status;

  void operator()(Shard& shard);
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_TYPING_DISPATCH_H_
