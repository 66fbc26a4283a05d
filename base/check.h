#ifndef TROUPE_BASE_CHECK_H_
#define TROUPE_BASE_CHECK_H_

#include <string_view>

#include "absl/base/optimization.h"

namespace troupe::internal {

// Writes one line that names the broken invariant to stderr and aborts.
//
// Thread: any.
[[noreturn]] void CheckFailed(std::string_view file, int line, std::string_view expression,
                              std::string_view detail = {});

}  // namespace troupe::internal

// Aborts the process if an invariant of our own is broken; on in release builds. Errors that a
// peer, a user, the disk or the network can cause are absl::Status instead.
#define TROUPE_CHECK(condition)                        \
  (ABSL_PREDICT_TRUE(condition) ? static_cast<void>(0) \
                                : ::troupe::internal::CheckFailed(__FILE__, __LINE__, #condition))

// Like TROUPE_CHECK, with a sentence for the reader of the crash.
#define TROUPE_CHECK_MSG(condition, detail) \
  (ABSL_PREDICT_TRUE(condition)             \
       ? static_cast<void>(0)               \
       : ::troupe::internal::CheckFailed(__FILE__, __LINE__, #condition, (detail)))

// Like TROUPE_CHECK, for a test that is O(n) or on the path of a message; off with NDEBUG.
#ifdef NDEBUG
#define TROUPE_DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define TROUPE_DCHECK(condition) TROUPE_CHECK(condition)
#endif

#endif  // TROUPE_BASE_CHECK_H_
