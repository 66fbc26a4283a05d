#ifndef TROUPE_TRANSPORT_REMOTE_ASK_H_
#define TROUPE_TRANSPORT_REMOTE_ASK_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "troupe/actors/asks/pending_ask.h"

namespace troupe::internal {

struct MethodInfo;
class Session;

// A peer's request while an actor of this node handles it.
//
// Thread:   its session's shard.
// Lifetime: owned by the session, which reuses it for other requests.
// Bounds:   a stream's writer may be ahead by about a megabyte and by stream_credit_items, and no
//           more than the peer has space for; its items are held while too much waits to be
//           written.
class RemoteAsk final : public PendingAsk {
 public:
  explicit RemoteAsk(Session& session) : session_(session) {}

  void OnReply(absl::Status status, void* value) override;
  void OnItem(void* value) override;

  // Used by the session.
  uint64_t wire_id = 0;
  const MethodInfo* method = nullptr;
  uint32_t charge = 0;   // Bytes charged to the session.
  uint32_t credit = 0;   // Items that the peer has space for, not yet granted to the writer.
  uint32_t granted = 0;  // Items that the writer may still send.
  uint32_t window = 0;   // The bound of `granted`.
  bool busy = false;
  bool dropped = false;  // Nobody wants the outcome.
  std::deque<std::string> held;
  std::optional<absl::Status> ended;  // The outcome, while items before it are held.
  RemoteAsk* next_free = nullptr;

 private:
  Session& session_;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_REMOTE_ASK_H_
