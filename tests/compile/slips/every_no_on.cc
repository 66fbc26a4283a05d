#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Tick {
  int number = 0;
};
struct Tock {};

class Clock : public troupe::Actor {
 public:
  void On(troupe::Context& cx, const Tick&) {
    cx.Every(this, absl::Seconds(1), Tock());  // SLIP: no public On(troupe::Context&, M)
  }
};
