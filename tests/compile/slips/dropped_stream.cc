#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

void Use(kitchen::Cook::Ref cook) {
  cook.Serve(kitchen::Order());  // SLIP: co_await its Next()
}
