#ifndef TROUPE_ACTORS_RUNTIME_FOREIGN_H_
#define TROUPE_ACTORS_RUNTIME_FOREIGN_H_

#include <cstddef>
#include <type_traits>
#include <utility>

#include "troupe/actors/any_ref.h"
#include "troupe/actors/envelopes/envelope.h"

namespace troupe::internal {

// An envelope of no shard, made on whatever thread this is.
Envelope* NewForeignEnvelope(const MessageType* type);
// One without a payload.
void FreeForeignEnvelope(Envelope* envelope);
SendResult SendFromForeignThread(const AnyRef& ref, Envelope* envelope);
void DiscardUnsent(Envelope* envelope);

template <typename M>
void SetForeignPayload(Envelope* envelope, M&& message, size_t extra_bytes) {
  using Payload = std::remove_cvref_t<M>;
  struct Unfilled {
    Envelope* envelope;
    ~Unfilled() {
      if (envelope != nullptr) FreeForeignEnvelope(envelope);
    }
  } unfilled{envelope};
  if constexpr (kFitsInline<Payload>) {
    new (envelope->inline_payload) Payload(std::forward<M>(message));
    envelope->bytes = ChargedBytes(sizeof(Envelope) + extra_bytes);
  } else {
    void* const block = ::operator new(sizeof(Payload));
    *reinterpret_cast<void**>(envelope->inline_payload) = block;
    envelope->flags |= kOutOfLine;
    new (block) Payload(std::forward<M>(message));
    envelope->bytes = ChargedBytes(sizeof(Envelope) + sizeof(Payload) + extra_bytes);
  }
  unfilled.envelope = nullptr;
}

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_RUNTIME_FOREIGN_H_
