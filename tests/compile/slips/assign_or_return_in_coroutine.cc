#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

// The macro for coroutines is TROUPE_CO_ASSIGN_OR_RETURN.
// SLIP-G++: did you mean 'co_return'?
troupe::Reply<kitchen::Plate> Use(kitchen::Waiter::Ref waiter) {
  // SLIP-CLANG: did you mean 'co_return'?
  TROUPE_ASSIGN_OR_RETURN(kitchen::Plate plate, co_await waiter.Bring(kitchen::Order()));
  co_return plate;
}
