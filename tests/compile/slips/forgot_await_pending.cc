#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<void> Use(kitchen::Waiter::Ref waiter) {
  troupe::Pending<kitchen::Plate> pending = waiter.Bring({}).Start();
  absl::StatusOr<kitchen::Plate> plate = pending;  // SLIP: co_await it for its outcome
  co_return plate.status();
}
