#ifndef TROUPE_TESTS_SIM_RANDOM_PROGRAM_GARDENER_H_
#define TROUPE_TESTS_SIM_RANDOM_PROGRAM_GARDENER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/sim/random_program/errand.h"
#include "tests/sim/random_program/player.h"
#include "tests/sim/random_program/player.troupe.h"
#include "tests/sim/random_program/world.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/worker.h"
#include "troupe/transport/node.h"

namespace troupe {

// Keeps as many players on a node as there were at the beginning, and makes them known to those of
// other nodes, whose first players are exported.
class Gardener final : public Actor {
 public:
  // `node` has started by the first look at `other_nodes`, unless there are none.
  Gardener(size_t index, int players, std::vector<std::string> other_nodes,
           const std::unique_ptr<Node>* node, World* world)
      : index_(index),
        players_(players),
        other_nodes_(std::move(other_nodes)),
        node_(*node),
        world_(*world) {}

  static constexpr int kGates = 3;
  static std::string GateName(int gate) { return absl::StrCat("gate-", gate); }

  struct Look {};

  Reply<void> OnStart(Context& cx) override {
    for (int i = 0; i < players_; ++i) Plant(cx);
    if (world_.features.workers) PlantWorkers(cx);
    for (int64_t errands = world_.errands_per_node; errands > 0; --errands) {
      cx.Spawn<Errand>({.restart = {.max = 3, .backoff_min = absl::Milliseconds(1)}}, &world_);
    }
    cx.After(this, world_.pause_max, Look{});
    return absl::OkStatus();
  }
  void On(Context& cx, const Down& down) {
    if (const size_t who = world_.Find(down.who); who < world_.actors.size()) {
      world_.actors[who].is_down = true;
    }
    if (!world_.over) Plant(cx);
  }
  Reply<void> On(Context& cx, const Look&) {
    // Null while the node ends.
    for (size_t next = 0; !other_nodes_.empty() && node_ != nullptr && !world_.over; ++next) {
      const std::string& other = other_nodes_[next % other_nodes_.size()];
      const std::string gate = GateName(static_cast<int>(cx.random().Below(kGates)));
      auto lookup = node_->Lookup<player::Player>(absl::StrCat("troupe://", other, "/", gate));
      const absl::StatusOr<player::Player::Ref> found = co_await std::move(lookup);
      if (found.ok()) Meet(*found);
      co_await cx.Sleep(5 * world_.pause_max);
    }
    co_return absl::OkStatus();
  }

 private:
  void Plant(Context& cx) {
    const size_t index = world_.actors.size();
    SpawnPlayer(cx, world_, index_);
    if (index == world_.actors.size()) return;
    cx.Monitor(this, world_.actors[index].ref);
    if (planted_ < kGates && node_ != nullptr) {
      // The name may be that of one that ended.
      node_->Unexport(GateName(planted_));
      node_->Export(GateName(planted_), player::Player::Ref(world_.actors[index].ref))
          .IgnoreError();
    }
    planted_ = (planted_ + 1) % (2 * kGates);
  }
  void PlantWorkers(Context& cx) {
    const size_t index = world_.actors.size();
    world_.actors.push_back({.node = index_, .is_pool = true});
    const int threads = 1 + static_cast<int>(cx.random().Below(3));
    WorkerOptions options{.threads = threads, .queue_max = 4};
    world_.Spawned(index, cx.SpawnWorkers<PlayerWorker>(std::move(options), index, &world_));
  }
  void Meet(const player::Player::Ref& ref) {
    const size_t known = world_.Find(ref);
    if (known == world_.actors.size()) return world_.run.Wrong("a lookup found nobody's handle");
    world_.strangers[index_].insert_or_assign(known, ref);
  }

  const size_t index_;  // Of the node.
  const int players_;
  const std::vector<std::string> other_nodes_;
  const std::unique_ptr<Node>& node_;
  World& world_;
  int planted_ = 0;
};

}  // namespace troupe

#endif  // TROUPE_TESTS_SIM_RANDOM_PROGRAM_GARDENER_H_
