#include "troupe/transport/peer_handover.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/transport/node_shard.h"
#include "troupe/transport/peer_watchers.h"

namespace troupe::internal {
namespace {

// The news of an end go there, back and there again. Once they are there, no more monitors are sent
// to the session; as they come back, all that were sent have arrived, and have their Downs.
constexpr uint8_t kLegsOfEnd = 3;

struct NewsHandover {
  std::shared_ptr<const PeerNews> news;
  uint16_t receiver;
  uint8_t legs_left;

  void operator()(Shard& shard) {
    NodeShard* const node = NodeShard::Of(shard);
    if (node == nullptr) return;
    if (--legs_left > 0) {
      const uint16_t next = legs_left % 2 == 0 ? news->shard : receiver;
      return SendDataTo(shard, next, NewsHandover(*this));
    }
    // What was sent before a session began leaves before what is sent from now on.
    if (news->is_up()) node->PassOnTo(news->incarnation);
    node->peer_watchers().Take(std::move(news));
  }
};

}  // namespace

void SpreadNews(Shard& from, PeerNews news) {
  const uint8_t legs = news.is_up() ? 1 : kLegsOfEnd;
  const auto shared = std::make_shared<const PeerNews>(std::move(news));
  for (size_t shard = 0; shard < from.runtime().shard_count(); ++shard) {
    const auto receiver = static_cast<uint16_t>(shard);
    SendDataTo(from, receiver, NewsHandover{shared, receiver, legs});
  }
}

}  // namespace troupe::internal
