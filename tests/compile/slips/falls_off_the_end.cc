#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

// g++ does not look; the request then fails with INTERNAL.
troupe::Reply<void> Use(troupe::Context& cx) {
  co_await cx.Sleep(absl::Seconds(1));
  // SLIP-CLANG: does not return a value
}
