#ifndef TROUPE_ACTORS_REF_H_
#define TROUPE_ACTORS_REF_H_

#include <concepts>
#include <type_traits>
#include <utility>

#include "troupe/actors/any_ref.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/runtime/foreign.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/actors/typing/handles.h"

namespace troupe {
namespace internal {

// An A handles it, and it can be put into an envelope.
template <typename A, typename M>
concept Sends =
    Handles<A, std::remove_cvref_t<M>> && std::constructible_from<std::remove_cvref_t<M>, M>;

}  // namespace internal

// The handle of an actor of class A. A declaration of A suffices where the handle is only stored.
//
// Thread: any; a value. Send from a shard, a worker or any other thread.
template <typename A>
class Ref : public AnyRef {
 public:
  Ref() = default;
  // Requires `ref` to be the handle of an A.
  explicit Ref(const AnyRef& ref) : AnyRef(ref) {}

  template <typename B>
  requires(!std::same_as<A, B> && std::derived_from<B, A>) Ref(const Ref<B>& other)
      : AnyRef(other) {}  // NOLINT: a B is an A.

  // Sends `message`. Requires that A has a public On() for exactly this type. Never blocks.
  template <typename M>
  requires internal::Sends<A, M> SendResult Send(M&& message)
  const;
  // The same for a message that is named by `tag` if it is Undelivered.
  template <typename M>
  requires internal::Sends<A, M> SendResult Send(M&& message, Tag tag)
  const;

  // Selected only to explain, at the caller's line, why the overload above does not apply.
  template <typename M>
  requires(!internal::IsComplete<A>) __attribute__((
      unavailable("the actor's class is only declared here: include its definition"))) SendResult
      Send(M&& message) const;
  template <typename M>
  requires(internal::IsComplete<A> && !Handles<A, std::remove_cvref_t<M>>) __attribute__((
      unavailable("the actor has no public On(troupe::Context&, M) for exactly this message type "
                  "M that returns void or troupe::Reply<void>: write one, or send a type that it "
                  "has"))) SendResult Send(M&& message) const;
  template <typename M>
  requires(Handles<A, std::remove_cvref_t<M>> && !internal::Sends<A, M>)
      __attribute__((unavailable("the message can only be moved: write std::move(message)")))
      SendResult Send(M&& message) const;
};

// Implementation details follow.
namespace internal {

// Returns `message` in an envelope that has not been sent.
template <typename M>
Envelope* Enclose(const MessageType* type, M&& message, size_t extra_bytes) {
  Shard* const shard = Shard::Current();
  if (shard == nullptr) [[unlikely]] {
    Envelope* const envelope = NewForeignEnvelope(type);
    SetForeignPayload(envelope, std::forward<M>(message), extra_bytes);
    return envelope;
  }
  Envelope* const envelope = shard->NewEnvelope(type);
  shard->SetPayload(envelope, std::forward<M>(message), extra_bytes);
  return envelope;
}

// Sends an unsent envelope, and discards it if it is refused here.
inline SendResult SendEnclosed(const AnyRef& ref, Envelope* envelope) {
  Shard* const shard = Shard::Current();
  const SendResult result =
      shard == nullptr ? SendFromForeignThread(ref, envelope) : shard->Route(ref, envelope);
  if (result != SendResult::kAccepted) DiscardUnsent(envelope);
  return result;
}

template <typename M>
SendResult SendOneWay(const AnyRef& ref, const MessageType* type, M&& message) {
  const size_t extra_bytes = TroupeBytes(message);
  Shard* const shard = Shard::Current();
  if (shard != nullptr && shard->IsLocal(ref)) [[likely]] {
    if (Cell* const cell = shard->Find(ref)) [[likely]] {
      Envelope* const envelope = shard->NewEnvelope(type);
      shard->SetPayload(envelope, std::forward<M>(message), extra_bytes);
      const SendResult result = shard->Enqueue(*cell, envelope);
      if (result != SendResult::kAccepted) [[unlikely]]
        DiscardUnsent(envelope);
      return result;
    }
  }
  return SendEnclosed(ref, Enclose(type, std::forward<M>(message), extra_bytes));
}

// Sends an unsent envelope by a name of the sender's.
inline SendResult SendTagged(const AnyRef& ref, Envelope* envelope, Tag tag) {
  AttachTag(*envelope, tag.value());
  return SendEnclosed(ref, envelope);
}

}  // namespace internal

template <typename A>
template <typename M>
requires internal::Sends<A, M> SendResult Ref<A>::Send(M&& message)
const {
  using Message = std::remove_cvref_t<M>;
  return internal::SendOneWay(*this, &internal::kMessageType<A, Message>, std::forward<M>(message));
}

template <typename A>
template <typename M>
requires internal::Sends<A, M> SendResult Ref<A>::Send(M&& message, Tag tag)
const {
  using Message = std::remove_cvref_t<M>;
  const size_t extra_bytes = TroupeBytes(message) + sizeof(internal::SenderTag);
  return internal::SendTagged(
      *this,
      internal::Enclose(&internal::kMessageType<A, Message>, std::forward<M>(message), extra_bytes),
      tag);
}

}  // namespace troupe

#endif  // TROUPE_ACTORS_REF_H_
