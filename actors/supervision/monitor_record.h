#ifndef TROUPE_ACTORS_SUPERVISION_MONITOR_RECORD_H_
#define TROUPE_ACTORS_SUPERVISION_MONITOR_RECORD_H_

#include "troupe/actors/any_ref.h"
#include "troupe/actors/events/event_record.h"

namespace troupe::internal {

// The watcher's side of one monitor. The other side is the Down's envelope, which waits with the
// target.
class MonitorRecord final : public EventRecord {
 public:
  explicit MonitorRecord(const AnyRef& target) : target_(target) {}
  ~MonitorRecord() override;

  bool BeforeHandler(Envelope&) override {
    placed_ = false;
    return false;
  }
  // A Down waits at the target.
  void set_placed() { placed_ = true; }

 private:
  const AnyRef target_;
  bool placed_ = false;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SUPERVISION_MONITOR_RECORD_H_
