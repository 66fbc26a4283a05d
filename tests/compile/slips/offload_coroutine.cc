#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<int> Later(troupe::Context& cx) {
  co_await cx.Sleep(absl::Seconds(1));
  co_return 1;
}

troupe::Reply<int> Use(troupe::Context& cx) {
  // SLIP: a coroutine runs on its shard: co_await it
  const auto one = co_await cx.Offload([&cx] { return Later(cx); });
  co_return *one;
}
