#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Tick {
  int number = 0;
};

class Clock : public troupe::Actor {
 public:
  void On(troupe::Context& cx, const Tick&) {
    cx.Watch(this, 0, troupe::kReadable);  // SLIP: void On(troupe::Context&, troupe::FdReady)
  }
};
