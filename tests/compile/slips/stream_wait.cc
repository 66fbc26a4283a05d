#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

void Use(kitchen::Cook::Ref cook) {
  troupe::Stream<kitchen::Plate> plates = cook.Serve(kitchen::Order());
  plates.Wait();  // SLIP: co_await its Next()
}
