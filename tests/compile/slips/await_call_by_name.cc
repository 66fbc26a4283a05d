#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<kitchen::Plate> Use(kitchen::Cook::Ref cook) {
  auto call = cook.Prepare(kitchen::Order());
  const auto plate = co_await call;  // SLIP: a call is sent once: co_await std::move(it)
  co_return plate;
}
