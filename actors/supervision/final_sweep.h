#ifndef TROUPE_ACTORS_SUPERVISION_FINAL_SWEEP_H_
#define TROUPE_ACTORS_SUPERVISION_FINAL_SWEEP_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::internal {

class Shard;
struct Cell;

// The end of all of a shard's actors, over as many turns as it takes: those without a parent are
// asked to stop, and parents stop their children.
//
// Thread: shard-affine.
class FinalSweep {
 public:
  explicit FinalSweep(Shard& shard) : shard_(shard) {}
  FinalSweep(const FinalSweep&) = delete;
  FinalSweep& operator=(const FinalSweep&) = delete;

  void StopAll();
  // The same for those that did not stop in time, some of which are named in the log: handlers that
  // wait are ended where they are.
  void KillAll();
  // A share of StopAll() or KillAll(), `slots` slots of the table. Returns whether more is to do.
  bool Continue(uint32_t slots);

  // StopAll() or KillAll() was called.
  bool begun() const { return begun_; }
  // KillAll() was called.
  bool kills() const { return kills_; }
  // Not all slots have been looked at since.
  bool unfinished() const { return unfinished_; }

 private:
  void LogSomeAlive() const;
  // Up to `count` of the living, by name.
  std::vector<std::string> NameSome(size_t count) const;
  void Stop(Cell& cell);
  void Kill(Cell& cell);

  Shard& shard_;
  bool begun_ = false;
  bool kills_ = false;
  bool unfinished_ = false;
  uint32_t next_slot_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SUPERVISION_FINAL_SWEEP_H_
