#include <string>

#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

int Twice(int n) { return 2 * n; }

troupe::Reply<int> Use(troupe::Context& cx) {
  // SLIP: the function cannot be called with copies of these arguments
  const auto size = co_await cx.Offload(&Twice, std::string("x"));
  co_return size;
}
