#ifndef TROUPE_ACTORS_ASKS_CALL_CHAIN_H_
#define TROUPE_ACTORS_ASKS_CALL_CHAIN_H_

#include <cstdint>
#include <vector>

namespace troupe::internal {

// The requests that an ask was made inside of, oldest first: whoever it reaches may be one that
// waits for it already.
//
// Lifetime: owned by its envelope.
// Bounds:   call_chain_depth_max.
struct CallChain {
  struct Link {
    uint64_t ask;
    uint32_t asker_slot;
    uint16_t asker_shard;
  };
  std::vector<Link> links;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ASKS_CALL_CHAIN_H_
