#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

void Use(kitchen::Waiter::Ref waiter) {
  waiter.Bring(kitchen::Order());  // SLIP: co_await it
}
