#include "troupe/actors/shard_counters.h"

namespace troupe {

ShardCounters& ShardCounters::operator+=(const ShardCounters& other) {
  handled += other.handled;
  expired += other.expired;
  cancelled += other.cancelled;
  dead_letters += other.dead_letters;
  refused_full += other.refused_full;
  undelivered += other.undelivered;
  late_replies += other.late_replies;
  failures += other.failures;
  restarts += other.restarts;
  cycles += other.cycles;
  handler_errors += other.handler_errors;
  spawned += other.spawned;
  stopped += other.stopped;
  return *this;
}

}  // namespace troupe
