#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<void> Use(kitchen::Waiter::Ref waiter) {
  absl::StatusOr<kitchen::Plate> plate = waiter.Bring({});  // SLIP: co_await the call
  co_return plate.status();
}
