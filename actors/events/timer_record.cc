#include "troupe/actors/events/timer_record.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/events/event_records.h"
#include "troupe/base/logging.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {

void* TimerRecord::operator new(size_t bytes) { return Shard::Current()->blocks().Allocate(bytes); }
void TimerRecord::operator delete(void* record, size_t bytes) {
  Shard::Current()->blocks().Free(record, BlockPool::ClassOf(bytes));
}

TimerRecord::~TimerRecord() { Shard::Current()->loop().timers().Cancel(*this); }

void TimerRecord::Deliver() {
  if (cell()->marked(kStopAsked)) return;  // It handles nothing more.
  Shard& shard = *Shard::Current();
  shard.activations().RunCode(cell(), [&] {
    Envelope* const envelope = shard.NewEnvelope(type_);
    Fill(shard, envelope);
    shard.records().Deliver(*cell(), id(), envelope);
  });
}

// The next firing is on the grid of the first, not of when this turn came to it.
void PeriodicRecord::OnTimer() {
  Loop& loop = Shard::Current()->loop();
  const Instant now = loop.now();
  Instant next = deadline() + period_;
  if (next <= now && period_ > absl::ZeroDuration()) {
    const int64_t period_nanos = NanosRoundedUp(period_);
    const int64_t skipped = (now.nanos - deadline().nanos) / period_nanos;
    NoteMissed(skipped);
    next.nanos = deadline().nanos + (skipped + 1) * period_nanos;
  }
  loop.timers().Arm(*this, next);
  if (waiting_) return NoteMissed(1);
  waiting_ = true;
  Deliver();
}

void PeriodicRecord::NoteMissed(int64_t firings) {
  constexpr int64_t kMost = std::numeric_limits<uint32_t>::max();
  missed_ = static_cast<uint32_t>(std::min(missed_ + std::min(firings, kMost), kMost));
}

TimerId ArmTimer(std::unique_ptr<TimerRecord> timer, absl::Duration delay) {
  Shard& shard = *Shard::Current();
  const uint64_t id = shard.records().Add(*shard.running().cell, *timer);
  if (id == 0) {
    TROUPE_LOG(kError, "no timer is armed: records_per_shard_max are in use");
    return TimerId();
  }
  // From now, not from the turn's start: a timer is never early.
  Loop& loop = shard.loop();
  loop.timers().Arm(*timer.release(), loop.platform().clock().Now() + delay);
  return TimerId(id);
}

TimerId ArmPeriodic(std::unique_ptr<TimerRecord> timer, absl::Duration period) {
  if (period <= absl::ZeroDuration()) {
    TROUPE_LOG(kError, "no timer is armed: its period is ", absl::FormatDuration(period));
    return TimerId();
  }
  return ArmTimer(std::move(timer), period);
}

}  // namespace troupe::internal
