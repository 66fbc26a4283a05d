#include "troupe/actors/mail/shard_inbox.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/runtime/foreign.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {
namespace {

struct Task {
  std::function<void()> run;

  void operator()(Shard&) { run(); }
};

}  // namespace

bool ShardInbox::Post(std::function<void()> task, uint32_t bytes) {
  Envelope* const envelope = NewForeignEnvelope(&kControlType<Task>);
  SetForeignPayload(envelope, Task{std::move(task)}, bytes);
  envelope->slot = kShardSlot;
  if (PostEnvelope(envelope)) return true;
  DestroyPayload<Task>(*envelope);
  FreeForeignEnvelope(envelope);
  return false;
}

bool ShardInbox::PostEnvelope(Envelope* envelope) {
  const uint32_t bytes = envelope->bytes;
  const uint64_t before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (before + bytes > bytes_max_ || !inbox_.Push(envelope)) {
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  shard_.loop().waker().Publish();
  shard_.runtime().SweepIfLeft();
  return true;
}

absl::Status ShardInbox::WhyFull(uint32_t bytes) const {
  if (bytes > bytes_max_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a message of ", bytes, " bytes can never fit inbox_bytes_max (", bytes_max_, ")"));
  }
  return absl::ResourceExhaustedError(absl::StrCat("the inbox of shard ", shard_.index(),
                                                   " is full: inbox_messages_max (", messages_max_,
                                                   ") or inbox_bytes_max (", bytes_max_, ")"));
}

void ShardInbox::Drain(size_t messages_max) {
  uint64_t bytes = 0;
  Envelope* envelope = nullptr;
  for (size_t i = 0; i < messages_max && inbox_.Pop(envelope); ++i) {
    const uint32_t size = envelope->bytes;
    if (!shard_.Deliver(envelope, kNoShard)) bytes += size;
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
