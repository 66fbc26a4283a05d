#ifndef TROUPE_TESTS_SIM_RANDOM_PROGRAM_CLUSTER_H_
#define TROUPE_TESTS_SIM_RANDOM_PROGRAM_CLUSTER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/random_program/world.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/loop/platform.h"
#include "troupe/sim/sim_run.h"
#include "troupe/transport/node.h"

namespace troupe {

// The nodes of a run, each with its players.
class Cluster {
 public:
  static constexpr int kShards = 3;

  // `limits`: of each node, where the run's world has no others.
  Cluster(SimRun& run, World& world, int nodes, int players, const Limits& limits = {});

  std::vector<std::string> names() const;
  void Start(const std::string& name) { Start(IndexOf(name)); }
  void End(const std::string& name) { End(IndexOf(name)); }
  void EndAll() {
    for (size_t i = 0; i < members_.size(); ++i) End(i);
  }
  System& system(size_t node) { return *members_[node].system; }
  Node& node(size_t i) { return *members_[i].node; }
  size_t size() const { return members_.size(); }

 private:
  struct Member {
    Platform* platform = nullptr;
    std::unique_ptr<System> system;
    std::unique_ptr<Node> node;
  };

  static size_t IndexOf(const std::string& name) { return static_cast<size_t>(name.back() - '0'); }
  void Start(size_t i);
  void End(size_t i);

  World& world_;
  const int players_;
  const Limits limits_;
  std::vector<Member> members_;
};

// Nothing fails but what the program does itself, on `nodes` nodes. `others_go_on`: while the
// second and later ones shut down; takes long.
void RunCalm(SimRun& run, int nodes, bool others_go_on = false);
// With faults, and then a time in which all of them are mended. `strict`: see World.
void RunWithFaults(SimRun& run, bool strict);

}  // namespace troupe

#endif  // TROUPE_TESTS_SIM_RANDOM_PROGRAM_CLUSTER_H_
