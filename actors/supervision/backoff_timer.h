#ifndef TROUPE_ACTORS_SUPERVISION_BACKOFF_TIMER_H_
#define TROUPE_ACTORS_SUPERVISION_BACKOFF_TIMER_H_

#include "troupe/loop/timer_wheel.h"

namespace troupe::internal {

class Shard;
struct Cell;

// Waits between an actor's failure and its next life.
class BackoffTimer final : public TimerNode {
 public:
  BackoffTimer(Shard& shard, Cell& cell) : shard_(shard), cell_(cell) {}
  ~BackoffTimer();

 private:
  void OnTimer() override;

  Shard& shard_;
  Cell& cell_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SUPERVISION_BACKOFF_TIMER_H_
