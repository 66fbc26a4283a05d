// Troupe inside of one process: `inproc [item ...]`.

#include "troupe/bench/inproc_items.h"
#include "troupe/bench/item_runner.h"

int main(int argc, char** argv) {
  using namespace troupe::bench;  // NOLINT: a table of names and nothing else.
  return RunItems({{"1a", RunLocalPingPong},
                   {"1b", RunCrossPingPong},
                   {"2a", RunLocalFanIn},
                   {"2b", RunCrossFanIn},
                   {"3a", RunRing},
                   {"3b", RunBig},
                   {"4", RunSkynet},
                   {"5", RunIdleActors},
                   {"6", RunTimers},
                   {"7", RunCrossStream},
                   {"13", RunManyShards},
                   {"14", RunFanOut},
                   {"15", RunStalls}},
                  argc, argv);
}
