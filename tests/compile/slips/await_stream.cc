#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<void> Use(kitchen::Cook::Ref cook) {
  co_await cook.Serve({});  // SLIP: co_await its Next()
  co_return absl::OkStatus();
}
