#include "tests/sim/random_program/cluster.h"

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/sim/random_program/gardener.h"
#include "troupe/actors/shard_counters.h"
#include "troupe/sim/fault_driver.h"
#include "troupe/sim/oracles/messages_oracle.h"
#include "troupe/sim/oracles/monitors_oracle.h"
#include "troupe/transport/peers.h"

namespace troupe {
namespace {

std::string NameOf(size_t node) { return absl::StrCat("node-", node); }
std::string AddressOf(size_t node) { return absl::StrCat("127.0.0.1:", 4500 + node); }

// Of those who live on, have room for it and are no worker, each hears of each loss.
bool Hears(const World& world, uint64_t life) {
  const auto known = std::find_if(world.actors.begin(), world.actors.end(),
                                  [life](const Known& each) { return each.life == life; });
  return life != 0 && known != world.actors.end() && known->roomy;
}

// Every one-way message of a run within one node is handled, or a dead letter.
void JudgeCounts(const World& world, const ShardCounters& counters) {
  const MessagesOracle::Counts counts = world.news.counts();
  if (counts.accepted == counts.handled + (counters.dead_letters - counts.gone)) return;
  world.run.Wrong(absl::StrCat(counts.accepted, " messages were accepted, ", counts.handled,
                               " handled, ", counters.dead_letters, " dead letters, ", counts.gone,
                               " to nobody"));
}

// Nothing waits for anything once all is quiet.
void JudgeGauges(const World& world, const SystemGauges& gauges) {
  world.run.Expect(gauges.messages_waiting == 0,
                   absl::StrCat(gauges.messages_waiting, " messages wait"));
  world.run.Expect(gauges.bytes_waiting == 0, absl::StrCat(gauges.bytes_waiting, " bytes wait"));
  world.run.Expect(gauges.requests_pending == 0,
                   absl::StrCat(gauges.requests_pending, " requests are pending"));
  world.run.Expect(gauges.bytes_between_shards == 0,
                   absl::StrCat(gauges.bytes_between_shards, " bytes wait between shards"));
}

void JudgeGauges(const World& world, Cluster& cluster) {
  for (size_t i = 0; i < cluster.size(); ++i) JudgeGauges(world, cluster.system(i).Gauges());
}

bool IsQuiet(Cluster& cluster) {
  for (size_t i = 0; i < cluster.size(); ++i) {
    const SystemGauges gauges = cluster.system(i).Gauges();
    if (gauges.messages_waiting > 0 || gauges.requests_pending > 0) return false;
    if (gauges.bytes_between_shards > 0) return false;
    // A link that carries little has much to catch up with.
    for (const PeerState& peer : cluster.node(i).Peers()) {
      if (peer.unwritten_bytes > 0 || peer.unacknowledged_to > 0) return false;
    }
  }
  return true;
}

void Judge(const World& world) {
  const auto lives = [&](uint64_t life) { return world.lives(life); };
  const auto hears = [&](uint64_t life) { return Hears(world, life); };
  const auto downs = [&](uint64_t watcher, uint64_t target) {
    const Known& known = world.actors[target];
    if (known.life == 0 && !known.is_pool) return MonitorsOracle::Downs::kOne;
    const bool is_near = std::any_of(
        world.actors.begin(), world.actors.end(),
        [&](const Known& each) { return each.life == watcher && each.node == known.node; });
    return is_near || !world.sessions_end ? MonitorsOracle::Downs::kNone
                                          : MonitorsOracle::Downs::kAtMostOne;
  };
  world.news.JudgeLosses(hears, MessagesOracle::Told::kExactly);
  if (world.strict) world.remote_news.JudgeLosses(hears, MessagesOracle::Told::kAtLeast);
  world.questions.Judge(lives);
  world.streams.Judge(lives);
  world.timers.Judge(lives);
  world.feeds.Judge(lives);
  world.copiers.Judge(lives);
  world.monitors.Judge(lives, downs);
}

}  // namespace

Cluster::Cluster(SimRun& run, World& world, int nodes, int players, const Limits& limits)
    : world_(world),
      players_(players),
      limits_(run.limits(limits)),
      members_(static_cast<size_t>(nodes)) {
  for (size_t i = 0; i < members_.size(); ++i) {
    members_[i].platform = &run.AddNode(NameOf(i));
    Start(i);
  }
}

std::vector<std::string> Cluster::names() const {
  std::vector<std::string> names;
  for (size_t i = 0; i < members_.size(); ++i) names.push_back(NameOf(i));
  return names;
}

void Cluster::Start(size_t i) {
  Member& member = members_[i];
  member.system =
      *System::Start({.shards = kShards, .limits = limits_, .platform = member.platform});
  std::vector<std::string> others;
  for (size_t other = 0; other < members_.size(); ++other) {
    if (other != i) others.push_back(AddressOf(other));
  }
  if (!others.empty()) {
    member.node = *Node::Start(*member.system, {.name = NameOf(i), .listen = AddressOf(i)});
  }
  member.system->Spawn<Gardener>({}, i, players_, std::move(others), &member.node, &world_);
}

void Cluster::End(size_t i) {
  members_[i].node.reset();
  members_[i].system.reset();
  world_.NodeEnded(i);
}

// Calm: nothing fails but what the program does itself.
void RunCalm(SimRun& run, int nodes, bool others_go_on) {
  World world(run, nodes, absl::Microseconds(2000));
  const int players = static_cast<int>(run.Number("players", 1, 16));
  // Small visits, so that messages wait for mailboxes rather than being refused.
  Cluster cluster(run, world, nodes, players, {.turn_messages_per_actor_max = 4});
  run.simulation().RunFor(absl::Milliseconds(run.Number("milliseconds", 1, 300)));
  if (!run.Chance("sudden end", 0.2)) {
    world.over = true;
    run.simulation().RunFor(absl::Seconds(60));  // Until all is quiet.
    Judge(world);
    if (nodes == 1) JudgeCounts(world, cluster.system(0).Counters());
    JudgeGauges(world, cluster);
  }
  // Nodes that shut down one after the other are no longer reachable, which overtakes what they
  // sent before: F161.
  if (nodes > 1) world.sessions_end = true;
  cluster.End("node-0");
  // It may have taken seconds, in which the others were as busy as ever.
  world.over = !others_go_on;
  cluster.EndAll();
  run.Expect(world.alive == 0, "actors outlive their system");
}

// With faults, and then a time in which all of them are mended.
void RunWithFaults(SimRun& run, bool strict) {
  const int nodes = static_cast<int>(run.Number("nodes", 2, 4));
  World world(run, nodes, absl::Milliseconds(200), strict);
  const int players = static_cast<int>(run.Number("players", 1, 5));
  Cluster cluster(run, world, nodes, players);
  world.sessions_end = true;
  const bool crashes = run.Chance("crashes");
  FaultDriver faults(run.simulation(), cluster.names(), run.seed(),
                     {.crashes = crashes ? 2u : 0u,
                      .rolling_restarts = crashes ? 1u : 0u,
                      .shards = Cluster::kShards,
                      .crash = [&](const std::string& node) { cluster.End(node); },
                      .restart = [&](const std::string& node) { cluster.Start(node); },
                      .happens = run.Each("fault")});
  faults.RunFor(absl::Seconds(run.Number("seconds", 1, 20)));
  faults.MendAll();
  run.simulation().RunFor(absl::Seconds(30));  // Pauses end, and all meet again.
  world.over = true;
  // As has a world of slow turns.
  for (int minutes = 0; minutes < 30; ++minutes) {
    run.simulation().RunFor(absl::Minutes(1));
    if (IsQuiet(cluster)) break;
  }
  Judge(world);
  JudgeGauges(world, cluster);
  cluster.EndAll();
  run.Expect(world.alive == 0, "actors outlive their system");
}

}  // namespace troupe
