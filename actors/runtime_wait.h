#ifndef TROUPE_ACTORS_RUNTIME_WAIT_H_
#define TROUPE_ACTORS_RUNTIME_WAIT_H_

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/envelope.h"
#include "troupe/actors/pending_ask.h"
#include "troupe/actors/reply.h"
#include "troupe/base/instant.h"
#include "troupe/loop/platform.h"

namespace troupe::internal {

// A request that a thread which is no shard's waits for. A shard registers it and gives it its
// outcome; the deadline is that shard's to keep.
//
// Lifetime: on the waiting thread's stack, which waits until the outcome is there.
class WaitBase : public PendingAsk {
 public:
  void set_event(Event* event) { event_ = event; }

 protected:
  ~WaitBase() = default;
  // Without an event the outcome came before the wait.
  void Done() {
    if (event_ != nullptr) event_->Notify();
  }

 private:
  Event* event_ = nullptr;
};

template <typename T>
class WaitState final : public WaitBase {
 public:
  void OnReply(absl::Status status, void* value) override {
    if (!status.ok()) {
      outcome_.emplace(std::move(status));
    } else if constexpr (std::is_void_v<T>) {
      outcome_.emplace(absl::OkStatus());
    } else {
      outcome_.emplace(std::move(*static_cast<T*>(value)));
    }
    Done();
  }

  Outcome<T> Take() { return *std::move(outcome_); }

 private:
  std::optional<Outcome<T>> outcome_;
};

// What this thread waits for meanwhile ends with the job that it runs.
class JobDeadline {
 public:
  explicit JobDeadline(Instant deadline);
  ~JobDeadline();
  JobDeadline(const JobDeadline&) = delete;
  JobDeadline& operator=(const JobDeadline&) = delete;
};

// Sends `envelope` to `target` as a request and blocks until `wait` has its outcome.
void RunWait(WaitBase& wait, const AnyRef& target, Envelope* envelope, absl::Duration timeout);

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_RUNTIME_WAIT_H_
