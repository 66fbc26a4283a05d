#include "troupe/actors/supervision/final_sweep.h"

#include "troupe/actors/cells/slot_table.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/cell_extra.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/base/logging.h"

namespace troupe::internal {

void FinalSweep::StopAll() {
  begun_ = unfinished_ = true;
  next_slot_ = 0;
}

void FinalSweep::KillAll() {
  LogSomeAlive();
  kills_ = true;
  StopAll();
}

bool FinalSweep::Continue(uint32_t slots) {
  if (!unfinished_) return false;
  next_slot_ = shard_.slots_table().ForSomeActors(
      next_slot_, slots, [this](Cell& cell) { kills_ ? Kill(cell) : Stop(cell); });
  unfinished_ = next_slot_ != 0;
  return unfinished_;
}

void FinalSweep::Stop(Cell& cell) {
  const bool is_root = shard_.slots().KinAt(cell.slot).parent == kNoSlot &&
                       (cell.extra() == nullptr || !cell.extra()->remote_parent);
  if (is_root) shard_.supervisor().AskToStop(cell, StopReason::kShutdown);
}

void FinalSweep::Kill(Cell& cell) {
  shard_.supervisor().ForgoRestart(cell);
  if (cell.state != CellState::kStopping) {
    cell.Mark(kOnStopCalled);
    shard_.supervisor().AskToStop(cell, StopReason::kShutdown);
  } else if (cell.step() == StopStep::kOnStop) {
    // OnStop, where it waits.
    shard_.activations().Doom(cell);
  }
  cell.stall |= kAttention;
  shard_.MakeRunnable(cell);
}

// Some by name and the rest by number: a million lines say no more.
void FinalSweep::LogSomeAlive() const {
  constexpr size_t kNamedMax = 20;
  const std::vector<std::string> names = NameSome(kNamedMax);
  for (const std::string& name : names) {
    TROUPE_LOG(kError, "shutdown: actor ", name, " did not stop within drain_timeout");
  }
  const size_t alive = shard_.supervisor().alive();
  if (alive <= names.size()) return;
  TROUPE_LOG(kError, "shutdown: and ", alive - names.size(), " more actors of shard ",
             shard_.index());
}

std::vector<std::string> FinalSweep::NameSome(size_t count) const {
  std::vector<std::string> names;
  uint32_t from = 0;
  constexpr uint32_t kSlotsAtATime = 4096;
  do {
    from = shard_.slots_table().ForSomeActors(from, kSlotsAtATime, [&](Cell& cell) {
      if (names.size() < count) names.push_back(Supervisor::NameOf(cell));
    });
  } while (from != 0 && names.size() < count);
  return names;
}

}  // namespace troupe::internal
