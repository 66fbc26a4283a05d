#include "tests/sim/random_program/world.h"

#include <algorithm>

namespace troupe {

bool World::lives(uint64_t life) const {
  if (errands.contains(life)) return true;
  return life != 0 && std::any_of(actors.begin(), actors.end(),
                                  [life](const Known& each) { return each.life == life; });
}

size_t World::Find(const AnyRef& ref) const {
  const auto found = std::find_if(actors.begin(), actors.end(), [&ref](const Known& each) {
    return each.handle.incarnation() == ref.incarnation() && each.handle.shard() == ref.shard() &&
           each.handle.slot() == ref.slot() && each.handle.generation() == ref.generation();
  });
  return static_cast<size_t>(found - actors.begin());
}

void World::NodeEnded(size_t node) {
  for (Known& each : actors) {
    if (each.node != node) continue;
    each.ref = AnyRef();
    each.life = 0;
  }
  strangers[node].clear();
}

}  // namespace troupe
