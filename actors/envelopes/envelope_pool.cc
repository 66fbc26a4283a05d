#include "troupe/actors/envelopes/envelope_pool.h"

#include <new>
#include <type_traits>

namespace troupe::internal {

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
