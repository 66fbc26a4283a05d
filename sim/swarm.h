#ifndef TROUPE_SIM_SWARM_H_
#define TROUPE_SIM_SWARM_H_

#include "troupe/base/limits.h"
#include "troupe/base/random.h"
#include "troupe/sim/machine_options.h"
#include "troupe/sim/simulation_options.h"

namespace troupe {

// Another world for each seed: most of a swarm's runs leave most things as they are, and push a few
// to where they are rarely seen. That finds more than any one setting of all.
//
// Source: Groce et al., Swarm Testing, ISSTA 2012.

// The network, the threads and the buffers. The seed stays.
SimulationOptions DrawWorld(Random& random, SimulationOptions options);

// A machine's clock, cores and pace.
MachineOptions DrawMachine(Random& random);

// Bounds that a System must keep its promises with. What is refused at a bound is never made so
// small that an ordinary program would be refused: only its work is cut into other pieces.
Limits DrawLimits(Random& random, Limits limits);

}  // namespace troupe

#endif  // TROUPE_SIM_SWARM_H_
