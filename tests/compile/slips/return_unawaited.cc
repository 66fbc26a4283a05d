#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<kitchen::Plate> Cook() { return kitchen::Plate(); }

troupe::Reply<kitchen::Plate> Use(troupe::Context& cx) {
  co_await cx.Sleep(absl::Seconds(1));
  co_return Cook();  // SLIP: co_return co_await it
}
