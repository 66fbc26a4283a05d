#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Tick {
  int number = 0;
};

class Clock : public troupe::Actor {
 public:
  void On(troupe::Context&, const Tick&) {}
};

absl::Status Use(troupe::Node& node, troupe::Ref<Clock> clock) {
  return node.Export("clock", clock);  // SLIP: derive it from the Actor of one
}
