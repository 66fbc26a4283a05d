#ifndef TROUPE_LOOP_POSIX_ERROR_H_
#define TROUPE_LOOP_POSIX_ERROR_H_

#include <string_view>

#include "absl/status/status.h"

namespace troupe {

// What a system call's `error` means to a caller: "<what>: <the system's words>". Everything that
// a network or a peer does to a connection is UNAVAILABLE, but for a time-out the kernel gave up
// after, DEADLINE_EXCEEDED; a table that is full is RESOURCE_EXHAUSTED.
absl::Status StatusFromErrno(int error, std::string_view what);

// No descriptor or memory now, maybe later.
bool IsOutOfResources(int error);

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_ERROR_H_
