#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Tick {
  int number = 0;
};

class Grinder : public troupe::Worker {
 public:
  void On(troupe::WorkerContext&, const Tick&) {}
};

void Use(troupe::System& system) {
  system.Spawn<Grinder>({});  // SLIP: use SpawnWorkers
}
