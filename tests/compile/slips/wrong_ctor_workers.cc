#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Tick {
  int number = 0;
};

class Grinder : public troupe::Worker {
 public:
  explicit Grinder(int) {}
  void On(troupe::WorkerContext&, const Tick&) {}
};

void Use(troupe::System& system) {
  system.SpawnWorkers<Grinder>({});  // SLIP: no public constructor that takes these arguments
}
