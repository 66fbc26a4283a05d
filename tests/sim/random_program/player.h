#ifndef TROUPE_TESTS_SIM_RANDOM_PROGRAM_PLAYER_H_
#define TROUPE_TESTS_SIM_RANDOM_PROGRAM_PLAYER_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/sim/random_program/player.troupe.h"
#include "tests/sim/random_program/world.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/worker.h"

namespace troupe {

// Does something by the seed, again and again, and says to the oracles what happens to it.
class Player final : public player::Player::Actor {
 public:
  // `index` is its place in world->actors.
  Player(size_t index, World* world);
  ~Player();

  struct Act {};
  struct Alarm {
    uint64_t number;
  };

  Reply<void> OnStart(Context& cx) override;
  void On(Context& cx, const Act&);
  void On(Context& cx, const Alarm& alarm);
  void On(Context& cx, const Undelivered& notice);
  void On(Context& cx, const Down& down);

  Reply<player::Answer> Ask(Context& cx, const player::Question& question) override;
  Reply<void> Tell(Context& cx, const player::News& news) override;
  Reply<void> Introduce(Context& cx, const player::Introduction& introduction) override;
  Reply<void> Count(Context& cx, const player::CountRequest& request,
                    Sink<player::Item> out) override;

 private:
  // Somebody to talk to, and whether that is on this node.
  struct Partner {
    size_t index = 0;
    player::Player::Ref ref;
    bool is_near = true;
  };

  uint64_t Below(Context& cx, uint64_t bound);
  bool Sometimes(Context& cx, uint64_t one_in) { return Below(cx, one_in) == 0; }
  absl::Duration Pause(Context& cx);
  Partner AnyPartner(Context& cx);
  size_t node() const { return world_.actors[index_].node; }

  void SendNews(Context& cx);
  void SendIntroduction(Context& cx);
  void Note(const Partner& partner, uint64_t number, SendResult result, Context& cx);
  // A one-way message that was received.
  void Received(uint64_t number, uint64_t sender);
  // `nested`: of the one that it is asked in.
  Reply<void> AskOne(Context& cx, uint32_t nested);
  Reply<player::Answer> AnswerLater(Context& cx, player::Question question);
  Reply<void> ReadAll(Context& cx);
  Reply<void> OffloadOne(Context& cx);
  void SetAlarm(Context& cx);
  void CancelAlarm(Context& cx);
  void StartMonitor(Context& cx);
  void EndMonitor(Context& cx);
  void LookAround(Context& cx);
  void Drop(Context& cx);

  const size_t index_;
  const uint64_t life_;
  World& world_;
  std::vector<Reply<void>> kept_;
  std::vector<std::pair<uint64_t, TimerId>> alarms_;
  std::vector<std::pair<MonitorId, uint64_t>> monitors_;
};

// A pool of workers is a partner too.
class PlayerWorker final : public player::Player::Worker {
 public:
  PlayerWorker(size_t index, World* world) : index_(index), world_(*world) {}

  absl::StatusOr<player::Answer> Ask(WorkerContext&, const player::Question& question) override;
  absl::Status Tell(WorkerContext&, const player::News& news) override;
  absl::Status Introduce(WorkerContext&, const player::Introduction& introduction) override;

 private:
  const size_t index_;
  World& world_;
};

// Spawns a player, and enters it in the world. `cx` is its parent's.
void SpawnPlayer(Context& cx, World& world, size_t node);

}  // namespace troupe

#endif  // TROUPE_TESTS_SIM_RANDOM_PROGRAM_PLAYER_H_
