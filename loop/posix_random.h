#ifndef TROUPE_LOOP_POSIX_RANDOM_H_
#define TROUPE_LOOP_POSIX_RANDOM_H_

#include <cstdint>

#include "troupe/base/instant.h"

namespace troupe {

// A seed from the kernel's entropy; where that is refused, from the 16 random bytes that the
// kernel gave this process at its start, told apart by `now` and a count.
//
// Thread: any.
uint64_t RandomSeedOf(Instant now);

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_RANDOM_H_
