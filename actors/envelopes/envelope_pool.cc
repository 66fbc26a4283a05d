#include "troupe/actors/envelopes/envelope_pool.h"

#include <new>
#include <type_traits>

#include "troupe/actors/asks/call_chain.h"
#include "troupe/actors/envelopes/message_origin.h"

namespace troupe::internal {

void DeleteOwned(Envelope& envelope) {
  if (envelope.flags & kHasChain) delete envelope.chain;
  if (envelope.flags & kHasOrigin) delete envelope.origin;
  if (envelope.flags & kHasTag) delete envelope.tag;
  envelope.flags &= static_cast<uint16_t>(~(kHasChain | kHasOrigin | kHasTag));
}

void EnvelopePool::Refill() {
  static_assert(std::is_trivially_destructible_v<Envelope>);
  ++slab_count_;
  auto* const slab = static_cast<Envelope*>(
      memory_.Allocate(kSlabEnvelopes * sizeof(Envelope), alignof(Envelope)));
  for (size_t i = kSlabEnvelopes; i-- > 0;) {
    auto* const envelope = new (slab + i) Envelope;
    envelope->home = home_;
    Free(envelope);
  }
}

}  // namespace troupe::internal
