#ifndef TROUPE_LOOP_POSIX_ERROR_H_
#define TROUPE_LOOP_POSIX_ERROR_H_

#include <string_view>

#include "absl/status/status.h"

namespace troupe {

// Converts a system call's `error` to a status, "<what>: <the system's words>". Whatever a network
// or a peer does to a connection is UNAVAILABLE, except for the kernel's timeout,
// DEADLINE_EXCEEDED; a full table is RESOURCE_EXHAUSTED.
absl::Status StatusFromErrno(int error, std::string_view what);

// Returns whether `error` means that descriptors or memory have run out for now.
bool IsOutOfResources(int error);

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_ERROR_H_
