#include "troupe/loop/loop.h"

#include <utility>

#include "troupe/base/buggify.h"
#include "troupe/base/status_macros.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace troupe {
namespace {

// A busy shard looks at its descriptors at least this often: a system call in every turn would
// cost more than a short turn's work.
constexpr uint32_t kBusyTurnsBetweenPolls = 8;

// A busy shard polls after this long in any case, and before it fires timers, which may judge that
// nothing has arrived.
constexpr int64_t kPollAgeNanosMax = 1'000'000;

// Checks of the inbound queues between two readings of the clock while spinning.
constexpr int kSpinChecksPerClockRead = 64;

void CpuRelax() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

}  // namespace

absl::StatusOr<std::unique_ptr<Loop>> Loop::Make(Platform& platform, const Limits& limits,
                                                 const LoopOptions& options, LoopClient* client) {
  TROUPE_ASSIGN_OR_RETURN(std::unique_ptr<Poller> poller, platform.MakePoller(limits));
  return std::unique_ptr<Loop>(new Loop(platform, options, std::move(poller), client));
}

Loop::Loop(Platform& platform, const LoopOptions& options, std::unique_ptr<Poller> poller,
           LoopClient* client)
    : platform_(platform),
      options_(options),
      client_(client),
      poller_(std::move(poller)),
      waker_(*poller_),
      timers_(platform.clock().Now(), options.timer_slack_max),
      now_(platform.clock().Now()),
      polled_at_(now_) {
  poller_->set_observer(this);
}

bool Loop::RunTurn(bool may_block) {
  if (asleep_) {
    asleep_ = false;
    waker_.Awake();
  }
  ++turns_;
  if (!std::exchange(now_is_fresh_, false)) ReadClock();
  PollBeforeTimers();
  timers_.Advance(now_, TROUPE_BUGGIFY("one timer a turn") ? 1 : options_.timers_per_turn_max);
  client_->DrainInbound();
  const size_t handled = client_->RunReady();
  client_->FlushOutbound();
  client_->EndTurn();
  if (!client_->HasRunnable() && client_->Finished()) return false;
  PollIo(handled, may_block);
  return true;
}

void Loop::ReadClock() { now_ = platform_.clock().Now(); }

// The poll may have slept, and the turn before it may have taken long.
void Loop::BeforeDelivery() {
  ReadClock();
  now_is_fresh_ = true;
}

bool Loop::PollIsOld() const { return now_.nanos - polled_at_.nanos >= kPollAgeNanosMax; }

void Loop::PollBeforeTimers() {
  if (!PollIsOld() || now_ < timers_.NextDeadline()) return;
  PollNow();
  now_is_fresh_ = false;
}

size_t Loop::PollNow() {
  turns_since_poll_ = 0;
  polled_at_ = now_;
  return poller_->Poll(now_, now_);
}

void Loop::PollIo(size_t handled, bool may_block) {
  const bool busy = client_->HasRunnable() || client_->InboundPending() || handled > 0;
  if (busy || !may_block) {
    ++turns_since_poll_;
    if (!busy || turns_since_poll_ >= kBusyTurnsBetweenPolls || PollIsOld()) {
      PollNow();
    }
    return;
  }
  if (PollNow() > 0 || Spin()) return;
  Sleep();
}

bool Loop::Spin() {
  if (options_.spin_before_sleep <= absl::ZeroDuration() || !spin_pays_) return false;
  Instant now = platform_.clock().Now();
  const Instant give_up = std::min(now + options_.spin_before_sleep, timers_.NextDeadline());
  while (now < give_up) {
    for (int i = 0; i < kSpinChecksPerClockRead; ++i) {
      if (client_->InboundPending()) return true;
      CpuRelax();
    }
    now = platform_.clock().Now();
    if (poller_->Poll(now, now) > 0) return true;
  }
  return false;
}

void Loop::Sleep() {
  if (TROUPE_BUGGIFY("a turn for nothing")) return;
  if (!waker_.PrepareSleep()) return;
  // The sleep ends where the next turn begins: in simulation Poll() returns at once, and what is
  // published between two turns must still find this shard asleep.
  asleep_ = true;
  const Instant now = platform_.clock().Now();
  const Instant next = timers_.NextDeadline();
  const Instant until = next <= now ? next : timers_.NextWake();
  const size_t delivered = poller_->Poll(now, until);
  polled_at_ = platform_.clock().Now();
  // What ends a sleep early may come again soon; a timer is known beforehand.
  spin_pays_ = delivered > 0 || until.is_infinite() || polled_at_ < until;
}

}  // namespace troupe
