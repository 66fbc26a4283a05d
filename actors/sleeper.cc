#include "troupe/actors/sleeper.h"

#include "troupe/actors/shard.h"

namespace troupe {

using internal::Shard;

Sleeper::~Sleeper() {
  if (activation == nullptr) return;
  Shard::Current()->loop().timers().Cancel(*this);
  Shard::Current()->Unlink(*this);
}

bool Sleeper::await_ready() {
  cancelled_ = Shard::Current()->CurrentCancelled();
  return cancelled_;
}

void Sleeper::await_suspend(std::coroutine_handle<> handle_to_resume) {
  Loop& loop = Shard::Current()->loop();
  // From now, not from the begin of the turn: a timer is never early.
  loop.timers().Arm(*this, loop.platform().clock().Now() + duration_);
  Shard::Current()->Suspend(*this, handle_to_resume);
}

void Sleeper::OnTimer() { Shard::Current()->Resume(*this); }

void Sleeper::Cancel() {
  cancelled_ = true;
  Shard::Current()->loop().timers().Cancel(*this);
  Shard::Current()->Resume(*this);
}

}  // namespace troupe
