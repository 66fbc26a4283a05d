#ifndef TROUPE_TRANSPORT_SHARD_MESSAGES_H_
#define TROUPE_TRANSPORT_SHARD_MESSAGES_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/asks/pending_ask.h"
#include "troupe/actors/events.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/actors/typing/method.h"

namespace troupe::internal {

// Messages from a session's shard to the shards of the actors that it serves.

struct NoticeUndelivered {
  AnyRef sender;
  uint32_t sender_life;
  Undelivered what;

  void operator()(Shard& shard) { shard.dead_letters().NoteUndelivered(sender, sender_life, what); }
};

struct FoundRef {
  uint64_t ask;
  AnyRef ref;
  void (*deliver)(uint64_t ask, const AnyRef& ref);

  void operator()(Shard&) { deliver(ask, ref); }
};

// Deliver the bytes of a reply or an item to the ask on this shard. Return false if they cannot be
// parsed.
bool DeliverReply(Shard& shard, uint64_t ask, const MethodInfo& method, std::string_view bytes);
bool DeliverItem(Shard& shard, uint64_t ask, const MethodInfo& method, std::string_view bytes);

// Delivers the bytes to an ask on another shard.
struct ReplyBytes {
  uint64_t ask;
  const MethodInfo* method;
  std::unique_ptr<char[]> bytes;
  uint32_t size;
  bool is_item;

  void operator()(Shard& shard) {
    const std::string_view view(bytes.get(), size);
    if (is_item) {
      DeliverItem(shard, ask, *method, view);
    } else {
      DeliverReply(shard, ask, *method, view);
    }
  }
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_SHARD_MESSAGES_H_
