#include "troupe/actors/shard_inbox.h"

#include <utility>

#include "troupe/actors/dispatch.h"
#include "troupe/actors/foreign.h"
#include "troupe/actors/runtime.h"
#include "troupe/actors/shard.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {
namespace {

struct Task {
  std::function<void()> run;

  void operator()(Shard&) { run(); }
};

}  // namespace

bool ShardInbox::Post(std::function<void()> task) {
  Envelope* const envelope = NewForeignEnvelope(&kControlType<Task>);
  SetForeignPayload(envelope, Task{std::move(task)}, 0);
  envelope->slot = kShardSlot;
  if (PostEnvelope(envelope)) return true;
  DestroyPayload<Task>(*envelope);
  FreeForeignEnvelope(envelope);
  return false;
}

bool ShardInbox::PostEnvelope(Envelope* envelope) {
  const uint32_t bytes = envelope->bytes;
  const uint64_t before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
  // One that is larger than the bound gets in when nothing else is there.
  const bool fits = before == 0 || before + bytes <= bytes_max_;
  if (!fits || !inbox_.Push(envelope)) {
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  shard_.loop().waker().Publish();
  shard_.runtime().SweepIfLeft();
  return true;
}

void ShardInbox::Drain(size_t messages_max) {
  uint64_t bytes = 0;
  Envelope* envelope = nullptr;
  for (size_t i = 0; i < messages_max && inbox_.Pop(envelope); ++i) {
    bytes += envelope->bytes;
    shard_.Deliver(envelope);
  }
  if (bytes > 0) bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

void ShardInbox::RunDeferred() {
  while (!deferred_.empty()) {
    std::vector<std::function<void()>> tasks = std::exchange(deferred_, {});
    for (auto& task : tasks) task();
  }
}

}  // namespace troupe::internal
