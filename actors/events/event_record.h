#ifndef TROUPE_ACTORS_EVENTS_EVENT_RECORD_H_
#define TROUPE_ACTORS_EVENTS_EVENT_RECORD_H_

#include <cstdint>

#include "troupe/actors/envelopes/envelope.h"

namespace troupe::internal {

class EventRecords;

// Something that sends events to one life of one actor: a timer, a monitor, a watched
// descriptor, a signal, a child process. It goes with that life, and its events with it: one
// that is queued already is dropped when its record is gone.
//
// Thread:   shard-affine.
// Lifetime: owned by its actor's cell.
class EventRecord {
 public:
  virtual ~EventRecord() = default;

  uint64_t id() const { return id_; }
  Cell* cell() const { return cell_; }

  // Its event is about to be handled. Returns false for a record that has no further event: it is
  // destroyed before the handler runs.
  virtual bool BeforeHandler(Envelope& envelope) = 0;
  // The handler of its event has ended.
  virtual void AfterHandler() {}
  // Ends with its actor's life, but not before OnStop has run.
  virtual bool OutlivesOnStop() const { return false; }
  // For such a one: the actor handles no event any more. May be called again.
  virtual void OnActorStops() {}

 private:
  friend class EventRecords;

  uint64_t id_ = 0;
  Cell* cell_ = nullptr;
  EventRecord* next_ = nullptr;
  EventRecord* prev_ = nullptr;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_EVENTS_EVENT_RECORD_H_
