#ifndef TROUPE_TESTS_SIM_RANDOM_PROGRAM_ERRAND_H_
#define TROUPE_TESTS_SIM_RANDOM_PROGRAM_ERRAND_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "tests/sim/random_program/world.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/reply.h"

namespace troupe {

// Deals with the operating system by the seed: beats time, reads what comes on sockets, runs
// programs; fails and stops in the middle of it.
class Errand final : public Actor {
 public:
  explicit Errand(World* world);
  ~Errand();

  struct Act {};
  struct Beat {
    uint64_t number;
  };

  Reply<void> OnStart(Context& cx) override;
  void On(Context& cx, const Act&);
  void On(Context& cx, const Beat& beat);
  void On(Context& cx, const FdReady& ready);
  void On(Context& cx, const ChildOutput& output);
  void On(Context& cx, const ChildExited& exited);

 private:
  // A program that copies what it reads.
  struct Copier {
    uint64_t number = 0;
    std::string sent;
    std::string copied;
    bool input_is_open = true;
    bool killed = false;
  };

  bool Sometimes(Context& cx, uint64_t one_in) { return cx.random().Below(one_in) == 0; }
  absl::Duration Pause(Context& cx);
  void StartBeat(Context& cx);
  void EndBeat(Context& cx);
  void OpenSocket(Context& cx);
  void CloseSocket(Context& cx, int fd);
  void StartCopier(Context& cx);
  void Tell(Context& cx, ChildId child, Copier& copier);

  const uint64_t life_;
  World& world_;
  std::map<uint64_t, TimerId> beats_;
  std::map<int, std::pair<FdWatchId, uint64_t>> sockets_;  // With the number of what comes there.
  std::map<ChildId, Copier> copiers_;
};

}  // namespace troupe

#endif  // TROUPE_TESTS_SIM_RANDOM_PROGRAM_ERRAND_H_
