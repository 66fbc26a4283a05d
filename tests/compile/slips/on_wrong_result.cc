#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Tick {};

class Clock : public troupe::Actor {
 public:
  int On(troupe::Context&, const Tick&) { return 1; }
};

void Use(troupe::Ref<Clock> clock) {
  clock.Send(Tick());  // SLIP: that returns void or troupe::Reply<void>
}
