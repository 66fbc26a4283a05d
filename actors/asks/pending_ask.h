#ifndef TROUPE_ACTORS_ASKS_PENDING_ASK_H_
#define TROUPE_ACTORS_ASKS_PENDING_ASK_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "troupe/actors/any_ref.h"
#include "troupe/loop/timer_wheel.h"

namespace troupe::internal {

class AskTable;
struct Cell;
struct Envelope;
struct MessageType;

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
  const MessageType* request_ = nullptr;
  AnyRef target_;
  Cell* asker_ = nullptr;
  uint64_t asker_generation_ = 0;
  // Of the asker's handler, when that is not interleaved and so could close a cycle; 0 otherwise.
  uint64_t asking_ = 0;
  Envelope* unsent_ = nullptr;  // While it waits in the outbox to another shard.
};

// For whoever waits for requests; the shard's AskTable does it.

// Sends `envelope` as the request of `ask`. A failure is its outcome before the return.
void StartAsk(PendingAsk& ask, const AnyRef& target, Envelope* envelope, absl::Duration timeout);
// Takes a request of this shard off its table, for its outcome. Null if it is gone.
PendingAsk* TakeAsk(uint64_t ask);
// The request `name` has no reply within its deadline.
absl::Status NoReplyInTime(std::string_view name);
// Gives the pending `ask` up. A CHECK on another shard or thread than its own.
void DropAsk(PendingAsk& ask);
// The same for one whose outcome is `why` then: returned with how far the request got.
absl::Status DropAsk(PendingAsk& ask, absl::Status why);
// `call` concerns `ask`: a CHECK on another shard or thread than its own.
void CheckOwned(const PendingAsk& ask, std::string_view call);

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ASKS_PENDING_ASK_H_
