#ifndef TROUPE_ACTORS_ASKS_PENDING_ASK_H_
#define TROUPE_ACTORS_ASKS_PENDING_ASK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "troupe/actors/any_ref.h"
#include "troupe/loop/timer_wheel.h"

namespace troupe::internal {

class AskTable;
struct Cell;
struct Envelope;

// limits.ask_timeout.
inline constexpr absl::Duration kDefaultTimeout = -absl::InfiniteDuration();

// A request that has no outcome yet, on the shard that made it. Exactly one of reply, timeout,
// down, cancelled and shutdown becomes its outcome.
//
// Thread:   its shard's.
// Lifetime: in the asker's frame or on the heap; leaves the shard's table before its outcome.
class PendingAsk : public TimerNode {
 public:
  // The one outcome. `value` is the reply's, of the method's response type, and may be moved
  // from; null when `status` is not OK, or for a method without a response value.
  virtual void OnReply(absl::Status status, void* value) = 0;

  // One item of a stream; may be moved from.
  virtual void OnItem(void* value);

  bool pending() const { return id_ != 0; }
  uint64_t id() const { return id_; }
  const AnyRef& target() const { return target_; }
  // Null once that life of it is over.
  Cell* asker() const;

 protected:
  ~PendingAsk() override;

  // The deadline came.
  void OnTimer() override;

 private:
  friend class AskTable;

  uint64_t id_ = 0;
  AnyRef target_;
  Cell* asker_ = nullptr;
  uint64_t asker_generation_ = 0;
  // Of the asker's handler, when that is not interleaved and so could close a cycle; 0 otherwise.
  uint64_t asking_ = 0;
  Envelope* unsent_ = nullptr;  // While it waits in the outbox to another shard.
};

// The outcome of a call without a request.
absl::Status NothingToSend();
// The outcome of an await of a request whose outcome is another's.
absl::Status AskTakenBefore();

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ASKS_PENDING_ASK_H_
