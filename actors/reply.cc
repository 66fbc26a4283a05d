#include "troupe/actors/reply.h"

#include "absl/strings/str_cat.h"
#include "troupe/actors/runtime/activations.h"
#include "troupe/actors/runtime/shard.h"
#include "troupe/base/text.h"

namespace troupe::internal {

absl::Status NoValue() {
  const Shard* const shard = Shard::Current();
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

absl::Status DroppedAwait() {
  return absl::CancelledError("a Reply, request or stream was dropped while it was awaited");
}

absl::Status AwaitCutShort() {
  return Shard::Current()->activations().CurrentCancelled() ? CancelledAwait() : DroppedAwait();
}

}  // namespace troupe::internal
