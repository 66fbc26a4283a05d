#ifndef TROUPE_SIM_TEST_SIMULATION_H_
#define TROUPE_SIM_TEST_SIMULATION_H_

#include <iostream>
#include <utility>

#include "gtest/gtest.h"
#include "troupe/sim/simulation.h"

namespace troupe {

// A Simulation in a GoogleTest. Prints its seed if the test has failed.
class TestSimulation final : public Simulation {
 public:
  explicit TestSimulation(SimulationOptions options = {}) : Simulation(std::move(options)) {}
  ~TestSimulation() {
    if (!::testing::Test::HasFailure()) return;
    std::cerr << "simulation seed " << seed() << " (TROUPE_SIM_SEED=" << seed()
              << " replays it), trace hash " << trace_hash() << std::endl;
  }
};

}  // namespace troupe

#endif  // TROUPE_SIM_TEST_SIMULATION_H_
