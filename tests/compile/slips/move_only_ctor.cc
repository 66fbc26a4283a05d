#include <memory>

#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

class Owner : public troupe::Actor {
 public:
  explicit Owner(std::unique_ptr<int>) {}
};

void Use(troupe::System& system) {
  system.Spawn<Owner>({}, std::make_unique<int>(1));  // SLIP: use SpawnOnce
}
