#ifndef TROUPE_SIM_TEST_SIMULATION_H_
#define TROUPE_SIM_TEST_SIMULATION_H_

#include <iostream>
#include <utility>

#include "gtest/gtest.h"
#include "troupe/sim/simulation.h"

namespace troupe {

// A Simulation in a GoogleTest. Prints its seed if the test has failed meanwhile.
class TestSimulation final : public Simulation {
 public:
  explicit TestSimulation(SimulationOptions options = {}) : Simulation(std::move(options)) {}
  ~TestSimulation() {
    if (Failures() == failures_before_) return;
    std::cerr << "simulation seed " << seed() << " (TROUPE_SIM_SEED=" << seed()
              << " replays it), trace hash " << trace_hash() << std::endl;
  }

 private:
  static int Failures() {
    const ::testing::TestInfo* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    if (test == nullptr) return 0;
    int failures = 0;
    for (int i = 0; i < test->result()->total_part_count(); ++i) {
      failures += test->result()->GetTestPartResult(i).failed() ? 1 : 0;
    }
    return failures;
  }

  const int failures_before_ = Failures();
};

}  // namespace troupe

#endif  // TROUPE_SIM_TEST_SIMULATION_H_
