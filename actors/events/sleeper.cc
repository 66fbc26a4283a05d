#include "troupe/actors/events/sleeper.h"

#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/shard/place.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/loop/loop.h"

namespace troupe {

using internal::Shard;

Sleeper::~Sleeper() { Sleeper::StopWaiting(); }

void Sleeper::Begin(internal::CoroutineFrame& frame) {
  // From now, not from the turn's start: a timer is never early.
  Loop& loop = internal::ShardHere("co_await of cx.Sleep()").loop();
  loop.timers().Arm(*this, loop.platform().clock().Now() + duration_);
  frame.Wait(*this);
}

void Sleeper::OnTimer() { Shard::Current()->activations().Resume(*this); }

bool Sleeper::Cancel() {
  cancelled_ = true;
  StopWaiting();
  return true;
}

void Sleeper::StopWaiting() {
  if (armed()) Shard::Current()->loop().timers().Cancel(*this);
}

}  // namespace troupe
