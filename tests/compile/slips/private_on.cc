#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Tick {
  int number = 0;
};

class Clock : public troupe::Actor {
  void On(troupe::Context&, const Tick&) {}
};

void Use(troupe::Ref<Clock> clock) {
  clock.Send(Tick{1});  // SLIP: no public On(troupe::Context&, M) for exactly this message type
}
