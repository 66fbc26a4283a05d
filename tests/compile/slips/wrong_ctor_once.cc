#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

class Clock : public troupe::Actor {
 public:
  explicit Clock(int) {}
};

void Use(troupe::System& system) {
  system.SpawnOnce<Clock>({});  // SLIP: no public constructor that takes these arguments
}
