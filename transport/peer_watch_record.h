#ifndef TROUPE_TRANSPORT_PEER_WATCH_RECORD_H_
#define TROUPE_TRANSPORT_PEER_WATCH_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/events/event_record.h"
#include "troupe/transport/peer_news.h"

namespace troupe::internal {

class PeerWatchers;

// One actor's watch of the node's peers. The actor gets all news in their order, each behind what
// arrived for it from the session's shard before.
//
// Bounds: kInMailboxMax notices in the mailbox. Once `waiting_max` more wait, a session of which
//         the actor has heard nothing is left out when it ends: its beginning and its end.
class PeerWatchRecord final : public EventRecord {
 public:
  PeerWatchRecord(PeerWatchers& watchers, const MessageType* up, const MessageType* down,
                  size_t waiting_max)
      : watchers_(&watchers), up_(up), down_(down), waiting_max_(waiting_max) {}
  ~PeerWatchRecord() override;

  void Take(const std::shared_ptr<const PeerNews>& news);
  // The node has ended. What waits is still handled.
  void Detach() { watchers_ = nullptr; }

  bool BeforeHandler(Envelope&) override;

 private:
  static constexpr uint32_t kInMailboxMax = 64;

  void SendSome();
  void Send(const PeerNews& news);

  PeerWatchers* watchers_;  // Null once the node has ended.
  const MessageType* const up_;
  const MessageType* const down_;
  const size_t waiting_max_;
  std::map<uint64_t, std::shared_ptr<const PeerNews>> waiting_;  // By number.
  uint32_t in_mailbox_ = 0;
  bool leaves_out_ = false;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_PEER_WATCH_RECORD_H_
