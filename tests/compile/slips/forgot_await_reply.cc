#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<kitchen::Plate> Cook();

troupe::Reply<void> Use() {
  absl::StatusOr<kitchen::Plate> plate = Cook();  // SLIP: co_await it for its outcome
  co_return plate.status();
}
