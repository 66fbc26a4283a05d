#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<void> Use(troupe::Context& cx) {
  cx.Sleep(absl::Seconds(1));  // SLIP: co_await it: by itself it does nothing
  co_return absl::OkStatus();
}
