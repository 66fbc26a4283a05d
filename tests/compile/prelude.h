#ifndef TROUPE_TESTS_COMPILE_PRELUDE_H_
#define TROUPE_TESTS_COMPILE_PRELUDE_H_

// What the slips include, so that a compiler reads it once for all of them.

#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

#endif  // TROUPE_TESTS_COMPILE_PRELUDE_H_
