#ifndef TROUPE_ACTORS_SUPERVISION_SUPERVISOR_H_
#define TROUPE_ACTORS_SUPERVISION_SUPERVISOR_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/actors/supervision/children.h"
#include "troupe/actors/supervision/final_sweep.h"

namespace troupe::internal {

class Shard;
class SlotTable;

// What a failure means, and how the actors of one shard end: a stop is a row of steps, and what a
// step has to do is done in visits of a bounded length.
//
// Thread: shard-affine.
class Supervisor {
 public:
  Supervisor(Shard& shard, SlotTable& slots)
      : shard_(shard), slots_(slots), children_(shard), final_sweep_(shard) {}
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // --- Failure. ---

  // Inside a catch: users' code of `cell` threw.
  void HandlerThrew(Cell& cell);
  // A coroutine of `cell` did, and nobody awaits it.
  void CoroutineThrew(Cell& cell, const std::exception_ptr& thrown);
  // The actor fails; its next visit begins the stop. `where` is for the log, unless `why` says it.
  void Fail(Cell& cell, absl::Status why, std::string_view where = {});
  // OnStart's and OnStop's outcomes.
  void StartFailed(Cell& cell, const absl::Status& status);
  void Started(Cell& cell) {
    if (cell.state != CellState::kStarting) return;
    StartedInVisit(cell);
    if (!cell.mailbox.empty() || cell.stall != 0) shard_.MakeRunnable(cell);
  }
  // The same for an actor whose visit will go on.
  static void StartedInVisit(Cell& cell) {
    if (cell.state != CellState::kStarting) return;
    cell.state = CellState::kRunning;
    if (cell.blocked_by() == 0) cell.stall &= ~kBlocked;
  }
  void StopFailed(Cell& cell, const absl::Status& status);
  void BackoffOver(Cell& cell);

  // --- The end. ---

  // An actor of this system, wherever it is. The one whose handler runs ends after that.
  SendResult Stop(const AnyRef& ref, StopReason reason);
  void AskToStop(Cell& cell, StopReason reason);
  // If it is a failed actor on its way to its next life, there will be none.
  void ForgoRestart(Cell& cell);
  // Its parent ends: `cell` ends here and now if nothing is to be done before.
  void AskChildToStop(Cell& cell);
  // The same for a leased cell that no actor will take.
  void EndUnborn(Cell& cell);
  // The actor's handler, which has returned, called Context::Stop().
  void StopItself(Cell& cell) {
    cell.Unmark(kStopsItself);
    if (cell.state == CellState::kStopping || cell.marked(kStopAsked)) [[unlikely]] {
      return AskToStop(cell, StopReason::kStopped);
    }
    // As that does, but for an actor that is being visited.
    cell.Mark(kStopAsked);
    cell.reason = StopReason::kStopped;
    cell.stall |= kAttention;
  }
  // Most that end by the million have nothing to be ended before them, and nobody to hear of it but
  // their parents. Returns whether `cell`, which is asked to stop, is one of them and has ended.
  bool EndAtOnce(Cell& cell);
  // Goes on with the stop of `cell`, for about `budget` units of work. Returns how many it took.
  // The cell is free afterwards if it has ended.
  uint32_t Continue(Cell& cell, uint32_t budget);

  Children& children() { return children_; }
  // Of all of the shard's actors.
  FinalSweep& final_sweep() { return final_sweep_; }

  // Actors, and leases that EndUnborn() is ending.
  size_t alive() const {
    const ShardCounters& counters = shard_.counters();
    return static_cast<size_t>(counters.spawned - counters.stopped) + unborn_;
  }

  static std::string NameOf(const Cell& cell);

 private:
  bool MayRestart(Cell& cell);
  void Begin(Cell& cell);
  uint32_t Step(Cell& cell, uint32_t budget, bool& waits);
  uint32_t DrainMailbox(Cell& cell, uint32_t budget, std::string_view why);
  void RunOnStop(Cell& cell);
  void DestroyActor(Cell& cell, Instance* instance);
  void AwaitBackoff(Cell& cell);
  uint32_t SayFarewell(Cell& cell, uint32_t budget, bool& waits);
  // The cell's end: it belongs to nobody any more.
  void Release(Cell& cell, Instance* instance);

  Shard& shard_;
  SlotTable& slots_;
  Children children_;
  FinalSweep final_sweep_;
  size_t unborn_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SUPERVISION_SUPERVISOR_H_
