#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Tick {
  int number = 0;
};

class Clock : public troupe::Actor {
 public:
  explicit Clock(int) {}
  void On(troupe::Context& cx, const Tick&) {
    cx.Spawn<Clock>({}, "one");  // SLIP: no public constructor that takes these arguments
  }
};
