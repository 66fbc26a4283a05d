#include "troupe/bench/echo_caller.h"

#include <algorithm>

#include "troupe/base/check.h"
#include "troupe/bench/usage.h"

namespace troupe::bench {

Reply<void> EchoCaller::On(Context&, const BeginWork&) {
  stopwatch_->Begin();
  std::vector<Reply<void>> callers;
  for (int i = 0; i < work_.depth; ++i) callers.push_back(CallInTurn());
  for (Reply<void>& caller : callers) {
    const absl::Status outcome = co_await caller;
    TROUPE_CHECK_MSG(outcome.ok(), outcome.ToString());
  }
  stopwatch_->End();
  co_return absl::OkStatus();
}

Reply<void> EchoCaller::CallInTurn() {
  Msg request = MakeMsg(work_);
  while (sent_ < work_.messages) {
    request.set_id(static_cast<uint64_t>(sent_++));
    const int64_t sent_nanos = MonotonicNanos();
    const absl::StatusOr<Msg> answer = co_await server_.Call(request);
    if (!answer.ok()) co_return answer.status();
    latencies_->Add(MonotonicNanos() - sent_nanos);
  }
  co_return absl::OkStatus();
}

Reply<void> EchoPusher::On(Context&, const BeginWork&) {
  stopwatch_->Begin();
  std::vector<Reply<void>> pushers;
  for (int i = 0; i < kBurstsUnderWay; ++i) pushers.push_back(PushInTurn());
  for (Reply<void>& pusher : pushers) {
    const absl::Status outcome = co_await pusher;
    TROUPE_CHECK_MSG(outcome.ok(), outcome.ToString());
  }
  stopwatch_->End();
  co_return absl::OkStatus();
}

int64_t EchoPusher::BurstMessages() const {
  const auto fit = static_cast<int64_t>(kBurstBytes / msg_.ByteSizeLong());
  return std::clamp<int64_t>(fit, 1, kBurstMessagesMax);
}

Reply<void> EchoPusher::PushInTurn() {
  const Msg question;
  while (left_ > 0) {
    const int64_t burst = std::min(BurstMessages(), left_);
    left_ -= burst;
    for (int64_t i = 0; i < burst; ++i) {
      msg_.set_id(static_cast<uint64_t>(i));
      const SendResult result = server_.Push(msg_);
      if (result != SendResult::kAccepted) co_return absl::ResourceExhaustedError("not accepted");
    }
    const absl::StatusOr<Msg> answer = co_await server_.Call(question);
    if (!answer.ok()) co_return answer.status();
  }
  co_return absl::OkStatus();
}

}  // namespace troupe::bench
