#ifndef TROUPE_LOOP_SIGNAL_NUMBER_H_
#define TROUPE_LOOP_SIGNAL_NUMBER_H_

#include "absl/status/status.h"

namespace troupe {

constexpr int kSignalMax = 64;

// OK if a program may wait for `signal`.
//
// Of a fault of the thread itself (SIGSEGV and its like) there is nothing to wait for: the thread
// blocks it, and the kernel ends the process all the same.
// Thread: any.
// Errors: INVALID_ARGUMENT for a number that is no signal or one that cannot be caught.
absl::Status CheckCatchable(int signal);

}  // namespace troupe

#endif  // TROUPE_LOOP_SIGNAL_NUMBER_H_
