#ifndef TROUPE_ACTORS_OFFLOAD_H_
#define TROUPE_ACTORS_OFFLOAD_H_

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/coroutines/coroutine_frame.h"
#include "troupe/actors/coroutines/suspension.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/runtime/worker_pool.h"
#include "troupe/actors/shard/shard.h"

namespace troupe::internal {

// The type that awaiting a function returning R yields: Status for void and Status, StatusOr<T> for
// T and StatusOr<T>.
template <typename R>
struct OffloadOutcome {
  using Type = absl::StatusOr<R>;
};
template <>
struct OffloadOutcome<void> {
  using Type = absl::Status;
};
template <>
struct OffloadOutcome<absl::Status> {
  using Type = absl::Status;
};
template <typename T>
struct OffloadOutcome<absl::StatusOr<T>> {
  using Type = absl::StatusOr<T>;
};

absl::Status OffloadRefused();
absl::Status OffloadThrew(std::string_view what);

// The wait of a coroutine for a function on the blocking pool.
class OffloadWait : public Suspension {
 public:
  using TroupeAwait = void;

  // Ends the wait: the function has returned. May destroy the frame, and this with it.
  void Back();

  // A running function cannot be cancelled: the wait ends when it returns.
  bool Cancel() final { return !out_; }

 protected:
  ~OffloadWait() = default;
  // Posts `work`. If it is refused, the coroutine resumes in the next turn.
  void Begin(CoroutineFrame& frame, ShardWork* work);
  bool posted() const { return posted_; }

 private:
  bool posted_ = false;
  bool out_ = false;  // Queued for, on or returning from a worker thread.
};

// One function call on its way through the blocking pool. Owns the arguments, so that it can
// outlive its waiter.
template <typename F, typename... Args>
class OffloadJob final : public ShardWork {
 public:
  using Result = std::invoke_result_t<F, Args...>;
  using Outcome = typename OffloadOutcome<Result>::Type;

  OffloadJob(Shard& home, F function, Args... args)
      : ShardWork(home), function_(std::move(function)), arguments_(std::move(args)...) {}

  void Work(int) override {
#ifdef __cpp_exceptions
    try {
      CallFunction();
    } catch (const std::exception& thrown) {
      outcome_.emplace(OffloadThrew(thrown.what()));
    } catch (...) {
      outcome_.emplace(OffloadThrew("something that is no std::exception"));
    }
#else
    CallFunction();
#endif
  }
  void Complete(bool abandoned) override {
    if (waiter_ == nullptr) {
      delete this;
      return;
    }
    if (abandoned) outcome_.emplace(CancelledAwait());
    done_ = true;
    waiter_->Back();
  }

  Outcome Take() { return *std::move(outcome_); }
  void set_waiter(OffloadWait* waiter) { waiter_ = waiter; }
  // Detaches the waiter, which is gone. Deletes this now, or once the job has returned.
  void Orphan() {
    waiter_ = nullptr;
    if (done_) delete this;
  }
  void Refused() { done_ = true; }

 private:
  void CallFunction() {
    if constexpr (std::is_void_v<Result>) {
      std::apply(std::move(function_), std::move(arguments_));
      outcome_.emplace(absl::OkStatus());
    } else {
      outcome_.emplace(std::apply(std::move(function_), std::move(arguments_)));
    }
  }

  F function_;
  std::tuple<Args...> arguments_;
  std::optional<Outcome> outcome_;
  OffloadWait* waiter_ = nullptr;
  bool done_ = false;
};

// The awaitable returned by Context::Offload.
template <typename F, typename... Args>
class OffloadAwaiter final : public OffloadWait {
 public:
  using Job = OffloadJob<F, Args...>;
  using Outcome = typename Job::Outcome;

  OffloadAwaiter(F function, Args... args)
      : job_(new Job(*Shard::Current(), std::move(function), std::move(args)...)) {
    job_->set_waiter(this);
  }
  ~OffloadAwaiter() {
    if (!posted()) job_->Refused();
    job_->Orphan();
  }

  bool await_ready() const { return false; }
  template <std::derived_from<CoroutineFrame> P>
  void await_suspend(std::coroutine_handle<P> handle) {
    Begin(handle.promise(), job_);
  }
  Outcome await_resume() {
    if (Shard::Current()->activations().CurrentCancelled()) return CancelledAwait();
    if (!posted()) return OffloadRefused();
    return job_->Take();
  }

 private:
  Job* const job_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_OFFLOAD_H_
