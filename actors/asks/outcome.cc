#include "troupe/actors/asks/outcome.h"

#include "absl/strings/str_cat.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/base/text.h"

namespace troupe::internal {

absl::Status NoValue() {
  Shard* const shard = Shard::Current();
  const std::string where = shard != nullptr ? Describe(shard->running()) : "";
  return absl::InternalError(absl::StrCat("an OK status was returned where a value is due",
                                          where.empty() ? "" : ": ", where));
}

absl::Status FellOffTheEnd() {
  return absl::InternalError("the coroutine ended without co_return");
}

absl::Status AwaitedTwice() {
  return absl::FailedPreconditionError("a Reply was awaited twice: it has one outcome");
}

absl::Status CancelledAwait() { return absl::CancelledError("the handler was cancelled"); }

absl::Status CancelledUnsent() { return WithCertainty(CancelledAwait(), Certainty::kNotSent); }

absl::Status CancelledSent() { return WithCertainty(CancelledAwait(), Certainty::kMaybeExecuted); }

absl::Status DroppedAwait() {
  return absl::CancelledError("a Reply, request or stream was dropped while it was awaited");
}

absl::Status AwaitCutShort() {
  return Shard::Current()->activations().CurrentCancelled() ? CancelledAwait() : DroppedAwait();
}

absl::Status AskTakenBefore() {
  return absl::FailedPreconditionError(
      "a request was awaited twice, or was moved from: it has one outcome");
}

absl::Status NothingToSend() {
  return absl::FailedPreconditionError("the call was moved from, or sent before");
}

}  // namespace troupe::internal
