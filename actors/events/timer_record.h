#ifndef TROUPE_ACTORS_EVENTS_TIMER_RECORD_H_
#define TROUPE_ACTORS_EVENTS_TIMER_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "troupe/actors/events/event_record.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/handles.h"
#include "troupe/loop/timer_wheel.h"

namespace troupe::internal {

// A message that an actor sends itself later. The message waits in here: an envelope is taken
// only when the time has come.
class TimerRecord : public EventRecord, public TimerNode {
 public:
  static void* operator new(size_t bytes);
  static void operator delete(void* record, size_t bytes);

  explicit TimerRecord(const MessageType* type) : type_(type) {}
  ~TimerRecord() override;

 protected:
  // Gives the actor its message. Should the message's copy throw, the actor fails.
  void Deliver();

 private:
  // Constructs the message in `envelope`.
  virtual void Fill(Shard& shard, Envelope* envelope) = 0;

  const MessageType* const type_;
};

template <typename M>
class OneShotTimer final : public TimerRecord {
 public:
  OneShotTimer(const MessageType* type, M message)
      : TimerRecord(type), message_(std::move(message)) {}

  bool BeforeHandler(Envelope&) override { return false; }

 private:
  void OnTimer() override { Deliver(); }
  void Fill(Shard& shard, Envelope* envelope) override {
    shard.SetPayload(envelope, std::move(message_), 0);
  }

  M message_;
};

// At most one firing waits; the others are counted.
class PeriodicRecord : public TimerRecord {
 public:
  PeriodicRecord(const MessageType* type, absl::Duration period)
      : TimerRecord(type), period_(period) {}

  bool BeforeHandler(Envelope& envelope) override {
    waiting_ = false;
    envelope.missed = std::exchange(missed_, 0);
    return true;
  }

 private:
  void OnTimer() override;
  // Counts as far as it can.
  void NoteMissed(int64_t firings);

  const absl::Duration period_;
  uint32_t missed_ = 0;
  bool waiting_ = false;
};

template <typename M>
class PeriodicTimer final : public PeriodicRecord {
 public:
  PeriodicTimer(const MessageType* type, M message, absl::Duration period)
      : PeriodicRecord(type, period), message_(std::move(message)) {}

 private:
  void Fill(Shard& shard, Envelope* envelope) override {
    shard.SetPayload(envelope, M(message_), 0);
  }

  const M message_;
};

// Arms `timer` for the actor whose handler runs. Id none at records_per_shard_max, with a log line.
TimerId ArmTimer(std::unique_ptr<TimerRecord> timer, absl::Duration delay);
// The same, but none for a period that is not positive.
TimerId ArmPeriodic(std::unique_ptr<TimerRecord> timer, absl::Duration period);

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_EVENTS_TIMER_RECORD_H_
