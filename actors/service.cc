#include "troupe/actors/service.h"

#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/mail/outboxes.h"

namespace troupe::internal {

void DeliverOutcome(Shard& shard, uint64_t ask, void* value) {
  PendingAsk* const pending = shard.asks().Take(ask);
  if (pending == nullptr) return;
  // The value's move is users' code, of the actor that asked: not yet counted as asking no more.
  const bool moved = shard.activations().RunCode(
      pending->asker(), [&] { pending->OnReply(absl::OkStatus(), value); });
  if (!moved) pending->OnReply(absl::InternalError("the reply's move threw"), nullptr);
}

void SendStatus(Envelope& request, absl::Status status) {
  Shard::Current()->dead_letters().ReplyError(
      request, WithCertainty(std::move(status), Certainty::kMaybeExecuted));
}

bool BeginReply(Envelope& request, size_t bytes) {
  Shard& shard = *Shard::Current();
  absl::Status room = shard.outboxes().ReplyRoom(request.sender_shard, bytes);
  if (!room.ok()) {
    SendStatus(request, std::move(room));
    return false;
  }
  shard.asks().inbound().Remove(request);
  return true;
}

}  // namespace troupe::internal
