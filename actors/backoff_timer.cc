#include "troupe/actors/backoff_timer.h"

#include "troupe/actors/shard.h"

namespace troupe::internal {

BackoffTimer::~BackoffTimer() { shard_.loop().timers().Cancel(*this); }

void BackoffTimer::OnTimer() { shard_.BackoffOver(cell_); }

}  // namespace troupe::internal
