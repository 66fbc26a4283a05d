#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<void> Use(troupe::Context& cx) {
  cx.Offload([] {});  // SLIP: co_await it: by itself it does nothing
  co_return absl::OkStatus();
}
