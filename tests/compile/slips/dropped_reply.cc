#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<void> Cook() { return absl::OkStatus(); }

troupe::Reply<void> Use() {
  Cook();  // SLIP: co_await it
  co_return absl::OkStatus();
}
