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
    outboxes_[to].Connect(&runtime_.link(index_, to), &runtime_.shard(to).loop().waker(),
                          limits_);
  }
}

bool Shard::Post(std::function<void()> task) {
  Envelope* const envelope = NewForeignEnvelope(&kControlType<Task>);
  SetForeignPayload(envelope, Task{std::move(task)}, 0);
  envelope->slot = kShardSlot;
  if (PostEnvelope(envelope)) return true;
  DestroyPayload<Task>(*envelope);
  delete envelope;
  return false;
}

bool Shard::PostEnvelope(Envelope* envelope) {
  if (!inbox_.Push(envelope)) return false;
  loop_->waker().Publish();
  return true;
}

void Shard::TakeBack(ShardWork* work) {
  completions_.Push(work);
  loop_->waker().Publish();
}

void Shard::DiscardQueues() {
  current_shard = this;
  const auto discard = [this](Envelope* envelope) {
    envelope->type->destroy(*envelope);
    Recycle(envelope);
  };
  Envelope* envelope = nullptr;
  while (inbox_.Pop(envelope)) discard(envelope);
  for (size_t from = 0; from < runtime_.shard_count(); ++from) {
    if (from == index_) continue;
    runtime_.link(from, index_).messages.ConsumeAll(
        [&](const RingPlace& place) { discard(Received(place)); });
  }
  TakeReturns();
  current_shard = nullptr;
}

}  // namespace troupe::internal
