#ifndef TROUPE_SIM_SIM_RUN_H_
#define TROUPE_SIM_SIM_RUN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/base/limits.h"
#include "troupe/base/random.h"
#include "troupe/loop/platform.h"
#include "troupe/sim/machine_options.h"
#include "troupe/sim/sim_choices.h"
#include "troupe/sim/simulation.h"
#include "troupe/sim/simulation_options.h"

namespace troupe {

// One run of a scenario by one seed: the world it runs in, what shapes it, and what was wrong.
//
//   ForEachSeed([](SimRun& run) {
//     Simulation& simulation = run.simulation();
//     const int64_t customers = run.Number("customers", 1, 8);
//     const auto bank = *System::Start({.shards = 2, .limits = run.limits(),
//                                       .platform = &run.AddNode("bank")});
//     ...
//     run.Expect(total == 100, "no money is lost");
//   });
//
// Numbers and features that are asked for by name are what a failing run is made smaller by.
//
// Thread:   the simulation's.
// Lifetime: outlives the scenario's systems.
class SimRun {
 public:
  // `options` are those of the plain world.
  SimRun(uint64_t seed, SimChoices::Given given, const SimulationOptions& options,
         SimChoices::Observer observer = {});
  SimRun(const SimRun&) = delete;
  SimRun& operator=(const SimRun&) = delete;

  uint64_t seed() const { return seed_; }
  // For the scenario's own draws.
  Random& random() { return random_; }

  // A number from `least`, which makes the smallest run, to `most`.
  int64_t Number(std::string_view name, int64_t least, int64_t most) {
    return choices_.Number(name, least, most);
  }
  // A feature that a share of all runs has.
  bool Chance(std::string_view name, double share = 0.5) { return choices_.Chance(name, share); }
  // For FaultOptions::happens and the like: each of many may be left out of a smaller run.
  std::function<bool(size_t)> Each(std::string_view name);

  // Unless the choices "swarm" and "buggify" say otherwise, half of all runs have a world of their
  // own, and half have a quarter of the TROUPE_BUGGIFY sites on.
  Simulation& simulation() { return *simulation_; }
  // Adds a node whose machine is the run's choice too.
  Platform& AddNode(std::string name);
  // The limits for a System, drawn by the seed alone; `plain` where nothing is drawn.
  Limits limits(const Limits& plain = {}) const;

  // Says that something is wrong unless `holds`.
  void Expect(bool holds, std::string_view what) {
    if (!holds) Wrong(std::string(what));
  }
  // Keeps the first 100.
  void Wrong(std::string what);
  const std::vector<std::string>& wrong() const { return wrong_; }

  const std::vector<SimChoice>& choices() const { return choices_.made(); }

 private:
  static constexpr size_t kWrongMax = 100;

  const uint64_t seed_;
  SimChoices choices_;
  Random random_;
  const bool is_swarm_;
  std::unique_ptr<Simulation> simulation_;
  std::vector<std::string> wrong_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_RUN_H_
