#include "troupe/transport/ref_proto.h"

namespace troupe {

ActorRef ToProto(const AnyRef& ref) {
  ActorRef message;
  if (!ref) return message;
  message.set_incarnation(ref.incarnation());
  message.set_generation(ref.generation());
  message.set_slot(ref.slot());
  message.set_shard(ref.shard());
  return message;
}

AnyRef FromProto(System& system, const ActorRef& message) {
  if (message.incarnation() == 0 || message.shard() > 0xffff) return AnyRef();
  return AnyRef(&system, message.incarnation(), static_cast<uint16_t>(message.shard()),
                message.slot(), message.generation());
}

}  // namespace troupe
