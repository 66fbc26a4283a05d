#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Tick {
  int number = 0;
};
struct Tock {};

class Clock : public troupe::Actor {
 public:
  void On(troupe::Context&, const Tick&) {}
};

void Use(troupe::Ref<Clock> clock) {
  clock.Send(Tock());  // SLIP: no public On(troupe::Context&, M) for exactly this message type
}
