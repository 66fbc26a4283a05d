#include "troupe/transport/peer_watch_record.h"

#include <utility>

#include "absl/status/status.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/base/logging.h"
#include "troupe/transport/peer_watchers.h"
#include "troupe/transport/peers.h"

namespace troupe::internal {

PeerWatchRecord::~PeerWatchRecord() {
  if (watchers_ != nullptr) watchers_->Remove(*this);
}

void PeerWatchRecord::Take(const std::shared_ptr<const PeerNews>& news) {
  if (!news->is_up() && waiting_.size() >= waiting_max_ && waiting_.erase(news->began) > 0) {
    if (!std::exchange(leaves_out_, true)) {
      TROUPE_LOG(kWarning, "an actor that watches peers misses sessions: ", waiting_.size(),
                 " PeerUps and PeerDowns wait for it");
    }
    return;
  }
  waiting_.emplace(news->number, news);
  SendSome();
}

bool PeerWatchRecord::BeforeHandler(Envelope&) {
  --in_mailbox_;
  SendSome();
  return true;
}

void PeerWatchRecord::SendSome() {
  // While something waits for room in the mailbox, the last notice may be there, in the queue of
  // its session's shard: the next one, of another shard, would overtake it.
  while (!waiting_.empty() &&
         (in_mailbox_ == 0 || (in_mailbox_ < kInMailboxMax && !cell()->arrivals_wait()))) {
    const std::shared_ptr<const PeerNews> news = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    Send(*news);
  }
}

void PeerWatchRecord::Send(const PeerNews& news) {
  Shard& shard = *Shard::Current();
  Envelope* const envelope = shard.NewEnvelope(news.is_up() ? up_ : down_);
  if (news.is_up()) {
    shard.SetPayload(envelope,
                     PeerUp{.name = news.name,
                            .incarnation = news.incarnation,
                            .address = news.address,
                            .watch = PeerWatchId(id())},
                     0);
  } else {
    shard.SetPayload(envelope,
                     PeerDown{.name = news.name,
                              .incarnation = news.incarnation,
                              .address = news.address,
                              .status = absl::Status(news.code, news.reason),
                              .watch = PeerWatchId(id())},
                     0);
  }
  envelope->flags |= kEvent | kUnbounded;
  envelope->record = id();
  envelope->missed = 0;
  envelope->slot = cell()->slot;
  envelope->generation = cell()->generation;
  ++in_mailbox_;
  // As if it came from there: behind the Downs that did.
  shard.Deliver(envelope, news.shard);
}

}  // namespace troupe::internal
