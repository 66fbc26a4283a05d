#ifndef TROUPE_ACTORS_EVENTS_EVENT_RECORDS_H_
#define TROUPE_ACTORS_EVENTS_EVENT_RECORDS_H_

#include <cstddef>
#include <cstdint>

#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/events/event_record.h"
#include "troupe/actors/memory/id_table.h"

namespace troupe::internal {

class Shard;

// What sends events to the actors of one shard, by id: nothing of it is handled after a cancel, a
// stop or a restart.
//
// Thread: shard-affine.
// Bounds: records_per_shard_max.
class EventRecords {
 public:
  // Gives ids that no other of `tables` gives: an actor may be told the id of another shard's
  // timer.
  EventRecords(Shard& shard, size_t records_max, SlabMemory& memory, uint32_t table,
               uint32_t tables)
      : shard_(shard), records_(records_max, memory, table, tables) {}
  EventRecords(const EventRecords&) = delete;
  EventRecords& operator=(const EventRecords&) = delete;

  // Owns `record` from then on. 0 at the bound: then it does not.
  uint64_t Add(Cell& cell, EventRecord& record);
  EventRecord* Find(uint64_t id) const { return records_.Find(id); }
  size_t count() const { return records_.count(); }
  // Destroys it. False when it is gone, or another actor's.
  bool Remove(uint64_t id, const Cell* owner);
  // Destroys up to `budget` of the actor's; before OnStop those stay that outlive it. Returns how
  // many.
  uint32_t EndSome(Cell& cell, uint32_t budget, bool before_on_stop);

  // Gives the record's event to its actor.
  void Deliver(Cell& cell, uint64_t record, Envelope* envelope);
  // An event is about to be handled. False when it must not be any more.
  bool BeforeHandler(Cell& cell, Envelope& envelope);

 private:
  void Destroy(EventRecord& record);

  Shard& shard_;
  IdTable<EventRecord> records_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_EVENTS_EVENT_RECORDS_H_
