// The least that the machine allows, for the same work: `floor [item ...]`.

#include "troupe/bench/floor_items.h"
#include "troupe/bench/item_runner.h"

int main(int argc, char** argv) {
  using namespace troupe::bench;  // NOLINT: a table of names and nothing else.
  return RunItems({{"1a", RunFloorLocalPingPong},
                   {"1b", RunFloorCrossPingPong},
                   {"2a", RunFloorLocalFanIn},
                   {"2b", RunFloorCrossFanIn},
                   {"3a", RunFloorRing},
                   {"3b", RunFloorBig},
                   {"4", RunFloorSkynet},
                   {"5", RunFloorIdleActors},
                   {"6", RunFloorTimers},
                   {"7", RunFloorCrossStream}},
                  argc, argv);
}
