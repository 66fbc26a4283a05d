#include "troupe/sim/sim_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/text.h"
#include "troupe/sim/swarm.h"

namespace troupe {
namespace {

// Streams of the seed: the simulation has the seed itself.
constexpr uint64_t kScenario = 0x7363656e6172696fu;
constexpr uint64_t kSwarm = 0x737761726d737761u;

constexpr double kSitesShare = 0.25;

SimulationOptions WorldOf(uint64_t seed, SimulationOptions options, bool is_swarm, bool buggifies,
                          Random& random) {
  options.seed = seed;
  if (is_swarm) options = DrawWorld(random, options);
  if (buggifies) options.buggify_sites = kSitesShare;
  return options;
}

}  // namespace

SimRun::SimRun(uint64_t seed, SimChoices::Given given, const SimulationOptions& options,
               SimChoices::Observer observer)
    : seed_(seed),
      choices_(seed, std::move(given), std::move(observer)),
      random_(seed ^ kScenario),
      swarm_(seed ^ kSwarm),
      is_swarm_(choices_.Chance("swarm", 0.5)),
      simulation_(std::make_unique<Simulation>(
          WorldOf(seed, options, is_swarm_, choices_.Chance("buggify", 0.5), swarm_))) {}

std::function<bool(size_t)> SimRun::Each(std::string_view name) {
  return [this, name = std::string(name)](size_t number) {
    return choices_.Happens(absl::StrCat(name, "-", number));
  };
}

Platform& SimRun::AddNode(std::string name) {
  if (!is_swarm_) return simulation_->AddNode(std::move(name));
  return simulation_->AddNode(std::move(name), DrawMachine(swarm_));
}

Limits SimRun::limits(const Limits& plain) { return is_swarm_ ? DrawLimits(swarm_, plain) : plain; }

void SimRun::Wrong(std::string what) {
  if (wrong_.size() < kWrongMax) wrong_.push_back(std::move(what));
}

}  // namespace troupe
