#include <string>

#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

class Clock : public troupe::Actor {
 public:
  Clock(int, std::string) {}
};

void Use(troupe::System& system) {
  system.Spawn<Clock>({}, 1);  // SLIP: no public constructor that takes these arguments
}
