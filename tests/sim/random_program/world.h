#ifndef TROUPE_TESTS_SIM_RANDOM_PROGRAM_WORLD_H_
#define TROUPE_TESTS_SIM_RANDOM_PROGRAM_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/sim/random_program/outside.h"
#include "tests/sim/random_program/player.troupe.h"
#include "troupe/actors/any_ref.h"
#include "troupe/proto/ref.pb.h"
#include "troupe/sim/oracles/messages_oracle.h"
#include "troupe/sim/oracles/monitors_oracle.h"
#include "troupe/sim/oracles/requests_oracle.h"
#include "troupe/sim/oracles/streams_oracle.h"
#include "troupe/sim/oracles/timers_oracle.h"
#include "troupe/sim/sim_run.h"
#include "troupe/transport/ref_proto.h"

namespace troupe {

// What the program does in one run. A run without a feature is a smaller one.
struct Features {
  explicit Features(SimRun& run)
      : news(run.Chance("news", 0.8)),
        questions(run.Chance("questions", 0.8)),
        nested(run.Chance("nested", 0.5)),
        drops(run.Chance("drops", 0.5)),
        streams(run.Chance("streams", 0.5)),
        timers(run.Chance("timers", 0.5)),
        monitors(run.Chance("monitors", 0.6)),
        failures(run.Chance("failures", 0.7)),
        stops(run.Chance("stops", 0.7)),
        children(run.Chance("children", 0.4)),
        names(run.Chance("names", 0.4)),
        offloads(run.Chance("offloads", 0.4)),
        workers(run.Chance("workers", 0.4)),
        introductions(run.Chance("introductions", 0.5)),
        small_mailboxes(run.Chance("small mailboxes", 0.3)),
        tags(run.Chance("tags", 0.5)),
        beats(run.Chance("beats", 0.4)),
        descriptors(run.Chance("descriptors", 0.4)),
        processes(run.Chance("processes", 0.4)) {}

  const bool news, questions, nested, drops, streams, timers, monitors, failures, stops, children,
      names, offloads, workers, introductions, small_mailboxes, tags, beats, descriptors, processes;
};

// An actor over all of its lives, as all others know it.
struct Known {
  size_t node = 0;
  AnyRef ref;            // On its own node, while that runs.
  ActorRef handle;       // The same, for good.
  uint64_t life = 0;     // Of all lives, from 1 on; 0 while it has none.
  bool roomy = true;     // Its mailbox never fills.
  bool is_down = false;  // Its node's gardener has had its Down.
  bool is_pool = false;  // Of workers, several of which may run at a time.
  std::string name;
};

// All that one run knows: what was promised of whom, and who is who.
//
// Thread: the simulation's.
struct World {
  static constexpr size_t kActorsMax = 80;  // That ever are in a run.

  // `is_strict`: whether the order and the losses of messages between nodes are judged, which
  // sessions do not keep yet: see known_faults.h.
  World(SimRun& sim_run, int node_count, absl::Duration pause, bool is_strict = false)
      : run(sim_run),
        strict(is_strict),
        features(sim_run),
        errands_per_node(sim_run.Number("errands", 0, 3)),
        pause_max(pause),
        news(sim_run),
        remote_news(sim_run, is_strict),
        questions(sim_run),
        monitors(sim_run),
        timers(sim_run),
        streams(sim_run),
        feeds(sim_run),
        copiers(sim_run),
        strangers(static_cast<size_t>(node_count)) {}

  bool lives(uint64_t life) const;
  // Who has that handle, on whichever node it is; the number of actors if nobody has.
  size_t Find(const AnyRef& ref) const;
  // Where an actor tells of what it got from `sender`.
  MessagesOracle& news_between(size_t sender, size_t receiver) {
    return actors[sender].node == actors[receiver].node ? news : remote_news;
  }
  void Spawned(size_t actor, const AnyRef& ref) {
    actors[actor].ref = ref;
    actors[actor].handle = ToProto(ref);
  }
  // The node's process has crashed.
  void NodeEnded(size_t node);

  SimRun& run;
  const bool strict;
  const Features features;
  const int64_t errands_per_node;
  const absl::Duration pause_max;  // Between two acts of one actor.
  MessagesOracle news;             // Within a node.
  MessagesOracle remote_news;
  RequestsOracle questions;
  MonitorsOracle monitors;
  TimersOracle timers;
  StreamsOracle streams;
  Feeds feeds;
  Copiers copiers;

  std::vector<Known> actors;
  // What each node knows of actors of others, by their index: handles that came in messages.
  std::vector<std::map<size_t, player::Player::Ref>> strangers;
  std::set<uint64_t> errands;  // Their lives.
  uint64_t last_life = 0;
  uint64_t last_lane = 0;
  int64_t alive = 0;          // Objects.
  bool sessions_end = false;  // By faults.
  bool over = false;          // Nobody begins anything any more.
};

}  // namespace troupe

#endif  // TROUPE_TESTS_SIM_RANDOM_PROGRAM_WORLD_H_
