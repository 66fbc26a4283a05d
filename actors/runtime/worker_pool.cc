#include "troupe/actors/runtime/worker_pool.h"

#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/runtime/shard_turn.h"
#include "troupe/actors/shard/place.h"
#include "troupe/actors/shard/shard.h"

namespace troupe::internal {

void ShardWork::Run(int thread) {
  // The shard may complete and delete this as soon as it is pushed: `home` is a copy.
  Shard& home = home_;
  {
    const WorkerPlace place(home.runtime());
    Work(thread);
  }
  home.turn().TakeBack(this);
}

void ShardWork::Abandon() {
  abandoned_ = true;
  home_.turn().TakeBack(this);
}

}  // namespace troupe::internal
