#ifndef TROUPE_ACTORS_EVENTS_SIGNAL_RECORD_H_
#define TROUPE_ACTORS_EVENTS_SIGNAL_RECORD_H_

#include <memory>

#include "absl/status/status.h"
#include "troupe/actors/events/event_record.h"
#include "troupe/loop/platform.h"

namespace troupe::internal {

// One actor's subscription to one signal. A signal that comes while the last one's message waits
// is coalesced with it.
class SignalRecord final : public EventRecord, private SignalHandler {
 public:
  SignalRecord(const MessageType* type, int signal) : type_(type), signal_(signal) {}

  absl::Status Begin();

  bool BeforeHandler(Envelope&) override {
    waiting_ = false;
    return true;
  }

 private:
  void OnSignal(int signal, int sender_pid) override;

  const MessageType* const type_;
  const int signal_;
  std::unique_ptr<SignalSource> source_;
  bool waiting_ = false;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_EVENTS_SIGNAL_RECORD_H_
