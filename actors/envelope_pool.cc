#include "troupe/actors/envelope_pool.h"

namespace troupe::internal {

void EnvelopePool::Refill() {
  slabs_.push_back(std::make_unique<Envelope[]>(kSlabEnvelopes));
  Envelope* const slab = slabs_.back().get();
  for (size_t i = kSlabEnvelopes; i-- > 0;) {
    slab[i].home = home_;
    Free(&slab[i]);
  }
}

}  // namespace troupe::internal
