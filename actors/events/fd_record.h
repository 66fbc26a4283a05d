#ifndef TROUPE_ACTORS_EVENTS_FD_RECORD_H_
#define TROUPE_ACTORS_EVENTS_FD_RECORD_H_

#include <cstdint>

#include "absl/status/status.h"
#include "troupe/actors/events/event_record.h"
#include "troupe/loop/poller.h"

namespace troupe::internal {

// One watched descriptor: level-triggered, and silent from an event until its handler is done.
class FdRecord final : public EventRecord, private FdHandler {
 public:
  FdRecord(const MessageType* type, int fd, uint32_t events)
      : type_(type), fd_(fd), events_(events) {}
  ~FdRecord() override;

  // After the record has its id. A failure becomes the only event.
  void Begin();

  bool BeforeHandler(Envelope&) override { return watch_.value() != 0; }
  void AfterHandler() override;

 private:
  void OnFdReady(uint32_t events) override;
  void Send(uint32_t events, absl::Status status);

  const MessageType* const type_;
  const int fd_;
  const uint32_t events_;
  WatchId watch_;
  bool waiting_ = false;  // From an event until its handler is done.
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_EVENTS_FD_RECORD_H_
