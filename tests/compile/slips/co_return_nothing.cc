#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

// The library cannot say it better: a promise has either return_void() or return_value().
troupe::Reply<void> Use(troupe::Context& cx) {
  co_await cx.Sleep(absl::Seconds(1));
  co_return;  // SLIP: no member named 'return_void'
}
