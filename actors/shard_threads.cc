// Shard: what other threads do with it, and its end.

#include <utility>

#include "troupe/actors/dispatch.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime.h"
#include "troupe/actors/shard.h"

namespace troupe::internal {
namespace {

struct Task {
  std::function<void()> run;

  void operator()(Shard&) { run(); }
};

}  // namespace

void Shard::Connect() {
  outboxes_.resize(runtime_.shard_count());
  leases_.resize(runtime_.shard_count());
  for (size_t to = 0; to < outboxes_.size(); ++to) {
    outboxes_[to].Connect(&runtime_.link(index_, to), &runtime_.shard(to).loop().waker(), limits_);
  }
}

bool Shard::Post(std::function<void()> task) {
  Envelope* const envelope = NewForeignEnvelope(&kControlType<Task>);
  SetForeignPayload(envelope, Task{std::move(task)}, 0);
  envelope->slot = kShardSlot;
  if (PostEnvelope(envelope)) return true;
  DestroyPayload<Task>(*envelope);
  FreeForeignEnvelope(envelope);
  return false;
}

bool Shard::PostEnvelope(Envelope* envelope) {
  if (!inbox_.Push(envelope)) return false;
  loop_->waker().Publish();
  runtime_.SweepIfLeft();
  return true;
}

void Shard::TakeBack(ShardWork* work) {
  completions_.Push(work);
  loop_->waker().Publish();
}

bool Shard::RunLastTurn() {
  Shard* const before = std::exchange(current_shard, this);
  TakeReturns();
  DrainInbound();
  RunReady();
  FlushOutbound();
  EndTurn();
  ResolveAllAsks();
  current_shard = before;
  bool returns = false;
  for (const Outbox& outbox : outboxes_) returns |= !outbox.returns_empty();
  return HasRunnable() || InboundPending() || returns;
}

}  // namespace troupe::internal
