#ifndef TROUPE_ACTORS_TIMER_RECORD_H_
#define TROUPE_ACTORS_TIMER_RECORD_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "troupe/actors/event_record.h"
#include "troupe/actors/frame_memory.h"
#include "troupe/actors/handles.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/shard.h"
#include "troupe/loop/timer_wheel.h"

namespace troupe::internal {

// A message that an actor sends itself later. The message waits in here: an envelope is taken
// only when the time has come.
class TimerRecord : public EventRecord, public TimerNode {
 public:
  static void* operator new(size_t bytes) { return AllocateFrame(bytes); }
  static void operator delete(void* record, size_t bytes) { FreeFrame(record, bytes); }

  explicit TimerRecord(const MessageType* type) : type_(type) {}
  ~TimerRecord() override { Shard::Current()->loop().timers().Cancel(*this); }

 protected:
  const MessageType* type() const { return type_; }

 private:
  const MessageType* const type_;
};

template <typename M>
class OneShotTimer final : public TimerRecord {
 public:
  OneShotTimer(const MessageType* type, M message)
      : TimerRecord(type), message_(std::move(message)) {}

  bool BeforeHandler(Envelope&) override { return false; }

 private:
  void OnTimer() override {
    Shard& shard = *Shard::Current();
    Envelope* const envelope = shard.NewEnvelope(type());
    shard.SetPayload(envelope, std::move(message_), 0);
    shard.DeliverEvent(*cell(), id(), envelope);
  }

  M message_;
};

template <typename M>
class PeriodicTimer final : public TimerRecord {
 public:
  PeriodicTimer(const MessageType* type, M message, absl::Duration period)
      : TimerRecord(type), message_(std::move(message)), period_(period) {}

  bool BeforeHandler(Envelope& envelope) override {
    waiting_ = false;
    envelope.missed = std::exchange(missed_, 0);
    return true;
  }

 private:
  // The next firing is on the grid of the first, not of when this turn came to it.
  void OnTimer() override {
    Shard& shard = *Shard::Current();
    const Instant now = shard.loop().now();
    Instant next = deadline() + period_;
    if (next <= now && period_ > absl::ZeroDuration()) {
      const int64_t period_nanos = NanosRoundedUp(period_);
      const int64_t skipped = (now.nanos - deadline().nanos) / period_nanos;
      NoteMissed(skipped);
      next.nanos = deadline().nanos + (skipped + 1) * period_nanos;
    }
    shard.loop().timers().Arm(*this, next);
    if (waiting_) return NoteMissed(1);
    waiting_ = true;
    Envelope* const envelope = shard.NewEnvelope(type());
    shard.SetPayload(envelope, M(message_), 0);
    shard.DeliverEvent(*cell(), id(), envelope);
  }

  // Counts as far as it can.
  void NoteMissed(int64_t firings) {
    constexpr int64_t kMost = std::numeric_limits<uint32_t>::max();
    missed_ = static_cast<uint32_t>(std::min(missed_ + std::min(firings, kMost), kMost));
  }

  const M message_;
  const absl::Duration period_;
  uint32_t missed_ = 0;
  bool waiting_ = false;
};

// Arms `timer` for the actor whose handler runs. Id none at timers_per_shard_max, with a log line.
TimerId ArmTimer(std::unique_ptr<TimerRecord> timer, absl::Duration delay);
// The same, but none for a period that is not positive.
TimerId ArmPeriodic(std::unique_ptr<TimerRecord> timer, absl::Duration period);

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_TIMER_RECORD_H_
