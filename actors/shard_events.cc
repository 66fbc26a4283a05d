// Shard: what sends an actor events, and how an event reaches its handler.

#include <memory>
#include <utility>

#include "troupe/actors/dispatch.h"
#include "troupe/actors/events.h"
#include "troupe/actors/monitor_record.h"
#include "troupe/actors/shard.h"
#include "troupe/actors/timer_record.h"
#include "troupe/base/logging.h"

namespace troupe::internal {

uint64_t Shard::AddRecord(Cell& cell, EventRecord& record) {
  const uint64_t id = records_.Add(&record);
  if (id == 0) return 0;
  record.id_ = id;
  record.cell_ = &cell;
  record.next_ = cell.records;
  if (record.next_ != nullptr) record.next_->prev_ = &record;
  cell.records = &record;
  return id;
}

bool Shard::RemoveRecord(uint64_t id, const Cell* owner) {
  EventRecord* const record = records_.Find(id);
  if (record == nullptr || record->cell_ != owner) return false;
  records_.Remove(id);
  if (record->next_ != nullptr) record->next_->prev_ = record->prev_;
  if (record->prev_ != nullptr) {
    record->prev_->next_ = record->next_;
  } else {
    record->cell_->records = record->next_;
  }
  delete record;
  return true;
}

void Shard::DeliverEvent(Cell& cell, uint64_t record, Envelope* envelope) {
  envelope->flags |= kEvent;
  envelope->record = record;
  envelope->missed = 0;
  EnqueueEvent(cell, envelope);
}

TimerId ArmTimer(std::unique_ptr<TimerRecord> timer, absl::Duration delay) {
  Shard& shard = *Shard::Current();
  const uint64_t id = shard.AddRecord(*shard.current_cell(), *timer);
  if (id == 0) {
    TROUPE_LOG(kError, "no timer armed: timers_per_shard_max are pending");
    return TimerId();
  }
  // From now, not from the begin of the turn: a timer is never early.
  shard.loop().timers().Arm(*timer.release(), shard.loop().platform().clock().Now() + delay);
  return TimerId(id);
}

TimerId ArmPeriodic(std::unique_ptr<TimerRecord> timer, absl::Duration period) {
  if (period <= absl::ZeroDuration()) {
    TROUPE_LOG(kError, "no timer armed: its period is ", absl::FormatDuration(period));
    return TimerId();
  }
  return ArmTimer(std::move(timer), period);
}

MonitorRecord::~MonitorRecord() {
  if (!fired_) Shard::Current()->Demonitor(target_, Shard::Current()->index(), id());
}

}  // namespace troupe::internal
