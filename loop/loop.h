#ifndef TROUPE_LOOP_LOOP_H_
#define TROUPE_LOOP_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "troupe/base/instant.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/timer_wheel.h"
#include "troupe/loop/waker.h"

namespace troupe {

// The work that a loop runs in the middle of its turn: on a shard, the actors.
class LoopClient {
 public:
  // Phase 2: takes a bounded share of what other shards and threads sent.
  virtual void DrainInbound() = 0;

  // Phase 3: runs what is runnable, within its budget. Returns the number of messages handled.
  virtual size_t RunReady() = 0;

  // Phase 4: hands over messages for other shards.
  virtual void FlushOutbound() = 0;

  // Called between turns: deletes what was deferred.
  virtual void EndTurn() = 0;

  virtual bool HasRunnable() const = 0;
  virtual bool InboundPending() const = 0;

  // Asked if nothing is runnable: whether no more turns are wanted.
  virtual bool Finished() = 0;

 protected:
  ~LoopClient() = default;
};

struct LoopOptions {
  absl::Duration spin_before_sleep = absl::ZeroDuration();
  // The most by which a sleeping loop may wake late for a timer, so that timers close together cost
  // one wake-up.
  absl::Duration timer_slack_max = absl::ZeroDuration();
  size_t timers_per_turn_max = 1024;
};

// The event loop of one shard. A turn is: (1) due timers, (2) inbound work, (3) runnable actors,
// (4) hand-over to other shards, (5) polling for I/O, sleeping only if nothing is runnable.
//
// Thread:   one thread runs the turns; others may only use waker().
// Time:     the clock is read once a turn: by the poll that ends it, before arrivals are delivered,
//           else at the start of the next turn. now() is that reading; it never predates a sleep.
// Lifetime: the client and the platform outlive the loop.
class Loop final : public LoopTask, private PollObserver {
 public:
  static absl::StatusOr<std::unique_ptr<Loop>> Make(Platform& platform, const Limits& limits,
                                                    const LoopOptions& options, LoopClient* client);

  bool RunTurn(bool may_block) override;

  Instant now() const { return now_; }
  TimerWheel& timers() { return timers_; }
  Poller& poller() { return *poller_; }
  Waker& waker() { return waker_; }
  Platform& platform() { return platform_; }
  uint64_t turns() const { return turns_; }

 private:
  Loop(Platform& platform, const LoopOptions& options, std::unique_ptr<Poller> poller,
       LoopClient* client);

  void BeforeDelivery() override;
  void ReadClock();
  bool PollIsOld() const;
  void PollBeforeTimers();
  void PollIo(size_t handled, bool may_block);
  size_t PollNow();
  // Looks for inbound work for the time that the options allow, and returns whether any arrived.
  bool Spin();
  void Sleep();

  // Set once.
  Platform& platform_;
  const LoopOptions options_;
  LoopClient* const client_;
  const std::unique_ptr<Poller> poller_;

  // This shard.
  Waker waker_;
  TimerWheel timers_;
  Instant now_;
  bool now_is_fresh_ = false;  // Read by the poll that ended the turn.
  Instant polled_at_;          // The last look for I/O.
  uint64_t turns_ = 0;
  uint32_t turns_since_poll_ = 0;
  bool spin_pays_ = true;  // Something from outside ended the last sleep.
  bool asleep_ = false;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_LOOP_H_
