#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

class Chef : public kitchen::Cook::Actor {
 public:
  troupe::Reply<kitchen::Plate> Prepare(troupe::Context&, const kitchen::Order&) override {
    return kitchen::Plate();
  }
};

void Use(troupe::System& system) {
  system.Spawn<Chef>({});  // SLIP: override every method
}
