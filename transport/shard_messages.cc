#include "troupe/transport/shard_messages.h"

#include "absl/strings/str_cat.h"
#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/certainty.h"
#include "troupe/base/text.h"

namespace troupe::internal {
namespace {

// The peer executed the request and sent what this node cannot read.
void FailUnreadable(Shard& shard, uint64_t ask, const MethodInfo& method) {
  if (PendingAsk* const pending = shard.asks().Take(ask, absl::StatusCode::kInternal)) {
    pending->OnReply(WithCertainty(absl::InternalError(
                                       absl::StrCat("the reply of ", AbslView(method.service), ".",
                                                    AbslView(method.name), " is no such message")),
                                   Certainty::kMaybeExecuted),
                     nullptr);
  }
}

}  // namespace

bool DeliverReply(Shard& shard, uint64_t ask, const MethodInfo& method, std::string_view bytes) {
  if (method.kind == MethodKind::kServerStream || method.parse_response == nullptr) {
    if (PendingAsk* const pending = shard.asks().Take(ask)) {
      pending->OnReply(absl::OkStatus(), nullptr);
    }
    return true;
  }
  if (shard.asks().Find(ask) == nullptr) {
    ++shard.counters().late_replies;
    return true;
  }
  const bool parsed = method.parse_response(
      bytes, [&](void* value) { shard.asks().Take(ask)->OnReply(absl::OkStatus(), value); });
  if (!parsed) FailUnreadable(shard, ask, method);
  return parsed;
}

bool DeliverItem(Shard& shard, uint64_t ask, const MethodInfo& method, std::string_view bytes) {
  PendingAsk* const reader = shard.asks().Find(ask);
  if (reader == nullptr) {
    ++shard.counters().late_replies;
    return true;
  }
  const bool parsed =
      method.parse_response(bytes, [reader](void* value) { reader->OnItem(value); });
  if (!parsed) FailUnreadable(shard, ask, method);
  return parsed;
}

}  // namespace troupe::internal
