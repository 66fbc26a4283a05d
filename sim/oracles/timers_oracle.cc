#include "troupe/sim/oracles/timers_oracle.h"

#include "absl/strings/str_cat.h"

namespace troupe {

uint64_t TimersOracle::New(uint64_t owner, Instant due) {
  const uint64_t number = timers_.size() + 1;
  timers_.emplace(number, Timer{.owner = owner, .due = due});
  return number;
}

uint64_t TimersOracle::NewPeriodic(uint64_t owner, Instant now, absl::Duration period) {
  const uint64_t number = New(owner, now + period);
  timers_.at(number).period = period;
  return number;
}

void TimersOracle::Fired(uint64_t number, uint64_t life, Instant now, uint32_t missed) {
  Timer& timer = timers_.at(number);
  timer.due = timer.due + missed * timer.period;
  const bool once = timer.period == absl::ZeroDuration();
  if (++timer.fired > 1 && once) run_.Wrong(absl::StrCat("timer ", number, " fired twice"));
  if (timer.cancelled) run_.Wrong(absl::StrCat("timer ", number, " fired and was cancelled"));
  if (timer.owner != life) {
    run_.Wrong(absl::StrCat("timer ", number, " of life ", timer.owner, " fired in life ", life));
  }
  if (now < timer.due) {
    run_.Wrong(absl::StrCat("timer ", number, " is early by ", timer.due.nanos - now.nanos, " ns"));
  }
  timer.due = timer.due + timer.period;
}

void TimersOracle::Judge(const std::function<bool(uint64_t owner)>& lives) const {
  for (const auto& [number, timer] : timers_) {
    if (timer.fired > 0 || timer.cancelled || !lives(timer.owner)) continue;
    run_.Wrong(absl::StrCat("timer ", number, " never fired"));
  }
}

}  // namespace troupe
