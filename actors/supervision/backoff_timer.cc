#include "troupe/actors/supervision/backoff_timer.h"

#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {

BackoffTimer::~BackoffTimer() { shard_.loop().timers().Cancel(*this); }

void BackoffTimer::OnTimer() { shard_.supervisor().BackoffOver(cell_); }

}  // namespace troupe::internal
