#include "troupe/sim/sim_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/text.h"
#include "troupe/sim/swarm.h"

namespace troupe {
namespace {

// Streams of the seed: the simulation has the seed itself.
constexpr uint64_t kScenario = 0x7363656e6172696fu;
constexpr uint64_t kWorld = 0x737761726d737761u;
constexpr uint64_t kLimits = 0x6c696d6974736c69u;
constexpr uint64_t kMachine = 0x6d616368696e656du;

constexpr double kSitesShare = 0.25;

SimulationOptions WorldOf(uint64_t seed, SimulationOptions options, bool is_swarm, bool buggifies) {
  options.seed = seed;
  Random random(seed ^ kWorld);
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
      is_swarm_(choices_.Chance("swarm", 0.5)),
      simulation_(std::make_unique<Simulation>(
          WorldOf(seed, options, is_swarm_, choices_.Chance("buggify", 0.5)))) {}

std::function<bool(size_t)> SimRun::Each(std::string_view name) {
  return [this, name = std::string(name)](size_t number) {
    return choices_.Happens(absl::StrCat(name, "-", number));
  };
}

Platform& SimRun::AddNode(std::string name) {
  if (!is_swarm_) return simulation_->AddNode(std::move(name));
  Random random(SimChoices::SeedOf(seed_ ^ kMachine, name));
  return simulation_->AddNode(std::move(name), DrawMachine(random));
}

Limits SimRun::limits(const Limits& plain) const {
  Random random(seed_ ^ kLimits);
  return is_swarm_ ? DrawLimits(random, plain) : plain;
}

void SimRun::Wrong(std::string what) {
  if (wrong_.size() < kWrongMax) wrong_.push_back(std::move(what));
}

}  // namespace troupe
