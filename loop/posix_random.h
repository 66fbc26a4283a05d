#ifndef TROUPE_LOOP_POSIX_RANDOM_H_
#define TROUPE_LOOP_POSIX_RANDOM_H_

#include <cstdint>

#include "troupe/base/instant.h"

namespace troupe {

// Returns a seed from the kernel's entropy or, if that is refused, from the 16 random bytes that
// the kernel gave this process at its start, mixed with `now` and a count.
//
// Thread: any.
uint64_t RandomSeedOf(Instant now);

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_RANDOM_H_
