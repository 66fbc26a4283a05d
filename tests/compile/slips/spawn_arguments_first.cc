#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Guest : troupe::Actor {
  explicit Guest(int seat);
};

void Use(troupe::System& system) {
  system.Spawn<Guest>(7);  // SLIP: the options come first
}
