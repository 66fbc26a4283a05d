#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

class Clock : public troupe::Actor {
 public:
  explicit Clock(int) {}
};

bool Use(troupe::System& system) {
  return system.TrySpawn<Clock>({}).ok();  // SLIP: no public constructor that takes these arguments
}
