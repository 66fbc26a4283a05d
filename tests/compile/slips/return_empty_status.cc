#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

// INTERNAL when it runs: a compiler cannot tell an OK status from another.
class Bringer : public kitchen::Waiter::Actor {
 public:
  troupe::Reply<kitchen::Plate> Bring(troupe::Context&, const kitchen::Order&) override {
    return absl::OkStatus();
  }
};
