#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Tick {
  int number = 0;
};

class Clock : public troupe::Actor {
 public:
  void On(troupe::Context& cx, const Tick&) {
    auto child = cx.Exec(this, {});  // SLIP: void On(troupe::Context&, troupe::ChildExited)
    child.status().IgnoreError();
  }
};
