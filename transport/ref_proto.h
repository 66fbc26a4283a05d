#ifndef TROUPE_TRANSPORT_REF_PROTO_H_
#define TROUPE_TRANSPORT_REF_PROTO_H_

#include "troupe/actors/any_ref.h"
#include "troupe/proto/ref.pb.h"

namespace troupe {

// A handle as a field of a message, and back. Sending one of this node's handles to a peer in a
// field of type troupe.ActorRef grants that peer, for that session, the right to address the
// actor. An empty handle becomes an empty message, and back.
//
// Thread: any.
ActorRef ToProto(const AnyRef& ref);
AnyRef FromProto(System& system, const ActorRef& message);

// As the handle type that the reader of the message knows it to be.
template <typename R>
R FromProto(System& system, const ActorRef& message) {
  return R(FromProto(system, message));
}

}  // namespace troupe

#endif  // TROUPE_TRANSPORT_REF_PROTO_H_
