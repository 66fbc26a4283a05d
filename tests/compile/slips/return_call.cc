#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<kitchen::Plate> Use(kitchen::Waiter::Ref waiter) {
  return waiter.Bring({});  // SLIP: co_return co_await it
}
