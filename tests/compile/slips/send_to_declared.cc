#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Tick {
  int number = 0;
};

class Clock;

void Use(troupe::Ref<Clock> clock) {
  clock.Send(Tick{1});  // SLIP: only declared here: include its definition
}
