#ifndef TROUPE_TRANSPORT_REF_PROTO_H_
#define TROUPE_TRANSPORT_REF_PROTO_H_

#include "troupe/actors/any_ref.h"
#include "troupe/actors/ref.h"
#include "troupe/proto/ref.pb.h"

namespace troupe {

// Convert a handle to a field of a message and back. Sending one of this node's handles to a peer
// in a field of type troupe.ActorRef grants that peer, for that session, the right to address the
// actor. An empty handle becomes an empty message, and vice versa.
//
// Thread: any.
ActorRef ToProto(const AnyRef& ref);
AnyRef FromProto(System& system, const ActorRef& message);

namespace internal {
template <typename R>
inline constexpr bool kIsRefOfClass = false;
template <typename A>
inline constexpr bool kIsRefOfClass<Ref<A>> = true;
}  // namespace internal

// Converts to a handle of the service that the reader expects. Whether the actor serves it is
// checked when a message reaches it: if not, a call returns UNIMPLEMENTED.
template <typename R>
R FromProto(System& system, const ActorRef& message) {
  static_assert(!internal::kIsRefOfClass<R>,
                "a peer can say anything of a handle: read it as that of a generated service, "
                "such as bank::Account::Ref, which is checked when it is used");
  return R(FromProto(system, message));
}

}  // namespace troupe

#endif  // TROUPE_TRANSPORT_REF_PROTO_H_
