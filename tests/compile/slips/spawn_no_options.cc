#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Guest : troupe::Actor {};

void Use(troupe::Context& cx) {
  cx.Spawn<Guest>();  // SLIP: the options come first
}
