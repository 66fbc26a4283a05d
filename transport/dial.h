#ifndef TROUPE_TRANSPORT_DIAL_H_
#define TROUPE_TRANSPORT_DIAL_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/loop/socket.h"
#include "troupe/loop/timer_wheel.h"
#include "troupe/proto/wire.pb.h"

namespace troupe::internal {

class Link;
class NodeShard;

// An address that this node connects to when something is to go there: connects, waits longer
// after each failure in a row, and keeps meanwhile what is to be sent.
//
// Thread: its shard's.
// Bounds: peer_outbound_bytes_max of messages that wait. The wait doubles from
//         reconnect_backoff_min to reconnect_backoff_max, and a random share of it is waited.
class Dial final : private TimerNode {
 public:
  Dial(NodeShard& node, const SocketAddress& address);
  ~Dial();

  // Sends `envelope` to whoever is reached, a lookup, or to `target` if that is its node. Its
  // refusal is seen to.
  void Take(const AnyRef& target, Envelope* envelope, bool notice);

  // The link's.
  void OnSession(uint64_t incarnation);
  void OnRejected(const wire::Reject& refusal, uint64_t incarnation);
  void OnFailed(absl::Status why);

  // A session with that node began elsewhere: sends what waits for its actors.
  void PassOnTo(uint64_t incarnation);
  // Forgets a request that waits; its asker has its outcome.
  void Cancel(uint16_t asker_shard, uint64_t ask);

  // Refuses all that waits.
  void End(const absl::Status& why);

  bool idle() const { return link_ == nullptr && !armed() && waiting_.empty(); }

 private:
  struct Waiting {
    AnyRef target;
    Envelope* envelope;
    bool notice;
  };
  // Answers of the other end that only mean "not now", in a row.
  static constexpr int kTriesMax = 8;

  void OnTimer() override;
  void Begin();
  void BackOff(absl::Duration least = absl::ZeroDuration());
  void PassOn();
  void Forget(Envelope* envelope);
  void RefuseAll(const absl::Status& why);

  NodeShard& node_;
  const SocketAddress address_;
  Link* link_ = nullptr;
  std::deque<Waiting> waiting_;
  size_t waiting_bytes_ = 0;
  uint64_t incarnation_ = 0;  // Who was found there last.
  uint64_t replaces_ = 0;
  uint64_t awaited_ = 0;  // Who has a session with this node, by the other end's account.
  int failures_in_row_ = 0;
  int tries_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_DIAL_H_
