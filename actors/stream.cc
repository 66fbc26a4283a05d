#include "troupe/actors/stream.h"

#include <utility>

#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/asks/request_server.h"
#include "troupe/actors/mail/router.h"
#include "troupe/actors/runtime/runtime.h"

namespace troupe::internal {
namespace {

struct CreditGrant {
  uint64_t ask;
  uint32_t items;
  uint16_t reader_shard;

  void operator()(Shard& shard) {
    InboundRequest* const request = shard.asks().inbound().Find(reader_shard, ask);
    if (request == nullptr) return;
    if (request->server != nullptr) return request->server->OnCredit(items);
    // Its handler has not begun.
    Envelope& envelope = *request->envelope;
    envelope.credit = InitialCredit(shard, envelope) + items;
    envelope.flags |= kHasStreamCredit;
  }
};

}  // namespace

void GrantCredit(const AnyRef& target, uint64_t ask, uint32_t items) {
  Shard& shard = *Shard::Current();
  if (target.incarnation() != shard.incarnation()) {
    if (Router* const router = shard.runtime().router()) {
      router->Credit(target, shard.index(), ask, items);
    }
    return;
  }
  // Behind the request, so on the road of requests.
  SendDataTo(shard, target.shard(), CreditGrant{ask, items, shard.index()});
}

}  // namespace troupe::internal
