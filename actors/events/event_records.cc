#include "troupe/actors/events/event_records.h"

#include "troupe/actors/cells/cell.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/shard/shard.h"

namespace troupe::internal {

uint64_t EventRecords::Add(Cell& cell, EventRecord& record) {
  const uint64_t id = records_.Add(&record);
  if (id == 0) return 0;
  record.id_ = id;
  record.cell_ = &cell;
  Ties& ties = cell.Tie();
  record.next_ = ties.records;
  if (record.next_ != nullptr) record.next_->prev_ = &record;
  ties.records = &record;
  return id;
}

bool EventRecords::Remove(uint64_t id, const Cell* owner) {
  EventRecord* const record = records_.Find(id);
  if (record == nullptr || record->cell_ != owner) return false;
  Destroy(*record);
  return true;
}

void EventRecords::Destroy(EventRecord& record) {
  records_.Remove(record.id_);
  if (record.next_ != nullptr) record.next_->prev_ = record.prev_;
  (record.prev_ != nullptr ? record.prev_->next_ : record.cell_->Tie().records) = record.next_;
  delete &record;
}

uint32_t EventRecords::EndSome(Cell& cell, uint32_t budget, bool before_on_stop) {
  // What is destroyed here may be users' messages.
  const Activations::Scope scope(shard_, &cell, nullptr);
  uint32_t ended = 0;
  EventRecord* next = cell.records();
  while (next != nullptr && ended < budget) {
    EventRecord& record = *next;
    next = record.next_;
    if (before_on_stop && record.OutlivesOnStop()) {
      record.OnActorStops();
      continue;
    }
    Destroy(record);
    ++ended;
  }
  return ended;
}

void EventRecords::Deliver(Cell& cell, uint64_t record, Envelope* envelope) {
  envelope->flags |= kEvent;
  envelope->record = record;
  envelope->missed = 0;
  shard_.EnqueueEvent(cell, envelope);
}

bool EventRecords::BeforeHandler(Cell& cell, Envelope& envelope) {
  EventRecord* const record = records_.Find(envelope.record);
  if (record == nullptr || record->cell_ != &cell) return false;
  if (record->BeforeHandler(envelope)) return true;
  const Activations::Scope scope(shard_, &cell, nullptr);
  Destroy(*record);
  return true;
}

}  // namespace troupe::internal
