#ifndef TROUPE_ACTORS_ASKS_RUNTIME_WAIT_H_
#define TROUPE_ACTORS_ASKS_RUNTIME_WAIT_H_

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/asks/outcome.h"
#include "troupe/actors/asks/pending_ask.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/base/instant.h"
#include "troupe/loop/platform.h"

namespace troupe::internal {

// A request that a thread which is no shard's waits for. The thread keeps the deadline itself,
// whatever the shard does; an outcome that comes later is given to nobody.
//
// Thread:   the waiting one and a shard's; the event orders them.
// Lifetime: shared by the two: whoever lets go last destroys it.
class WaitBase : public PendingAsk {
 public:
  explicit WaitBase(std::unique_ptr<Event> event) : event_(std::move(event)) {}

  Event& event() { return *event_; }
  // The outcome, if it did not come in time or never will.
  virtual void Fail(absl::Status status) = 0;
  void LetGo() {
    // Release and acquire: what the other one wrote is seen by the destructor.
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  ~WaitBase() override = default;

 private:
  const std::unique_ptr<Event> event_;
  std::atomic<int> holders_{2};
};

template <typename T>
class WaitState final : public WaitBase {
 public:
  using WaitBase::WaitBase;

  void OnReply(absl::Status status, void* value) override {
    Receive<T>(outcome_, std::move(status), value);
    event().Notify();
    LetGo();
  }
  void Fail(absl::Status status) override { failure_ = std::move(status); }

  // Thread: the waiting one, after RunWait().
  Outcome<T> Take() {
    if (!failure_.ok()) return failure_;
    return *std::move(outcome_);
  }

 private:
  ~WaitState() override = default;

  std::optional<Outcome<T>> outcome_;  // The shard's, until the event.
  absl::Status failure_;               // The waiting thread's.
};

// What this thread waits for meanwhile ends with the job that it runs.
class JobDeadline {
 public:
  explicit JobDeadline(Instant deadline);
  ~JobDeadline();
  JobDeadline(const JobDeadline&) = delete;
  JobDeadline& operator=(const JobDeadline&) = delete;
};

// An event of the platform of `target`'s system.
std::unique_ptr<Event> MakeWaitEvent(const AnyRef& target);
// Sends `envelope` to `target` as a request and blocks until `wait` has an outcome or the time is
// over. The shard's share of `wait` is let go, the caller's is not.
void RunWait(WaitBase& wait, const AnyRef& target, Envelope* envelope, absl::Duration timeout);

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ASKS_RUNTIME_WAIT_H_
