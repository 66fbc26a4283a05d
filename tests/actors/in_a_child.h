#ifndef TROUPE_TESTS_ACTORS_IN_A_CHILD_H_
#define TROUPE_TESTS_ACTORS_IN_A_CHILD_H_

#include <functional>

#include "absl/time/time.h"

namespace troupe::test {

// Runs `body` in a forked child of the test, so that a crash or a hang in it fails the test with
// words and leaves the others alone. Failed expectations inside `body` are printed by the child
// and fail the test too, as does a leak under LeakSanitizer.
//
// Thread: the only one of the process.
void RunInAChild(const std::function<void()>& body, absl::Duration deadline = absl::Seconds(10));

}  // namespace troupe::test

#endif  // TROUPE_TESTS_ACTORS_IN_A_CHILD_H_
