#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<void> Use(kitchen::Cook::Ref cook) {
  const kitchen::Order order;
  co_await cook.Serve(order);  // SLIP: co_await its Next()
  co_return absl::OkStatus();
}
