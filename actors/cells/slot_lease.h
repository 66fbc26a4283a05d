#ifndef TROUPE_ACTORS_CELLS_SLOT_LEASE_H_
#define TROUPE_ACTORS_CELLS_SLOT_LEASE_H_

#include <cstdint>

namespace troupe::internal {

// A place for an actor that does not exist yet: its handle can be given out at once.
struct SlotLease {
  uint32_t slot = 0;
  uint64_t generation = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_CELLS_SLOT_LEASE_H_
