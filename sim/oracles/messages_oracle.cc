#include "troupe/sim/oracles/messages_oracle.h"

#include "absl/strings/str_cat.h"

namespace troupe {

uint64_t MessagesOracle::New(uint64_t sender, uint64_t receiver, uint64_t lane) {
  messages_.emplace(++last_, Message{.sender = sender, .receiver = receiver, .lane = lane});
  return last_;
}

void MessagesOracle::Sent(uint64_t message, SendResult result, bool final) {
  Message& sent = messages_.at(message);
  sent.result = result;
  sent.final = final;
}

void MessagesOracle::Handled(uint64_t number, uint64_t receiver) {
  const auto found = messages_.find(number);
  if (found == messages_.end()) {
    return run_.Wrong(absl::StrCat("message ", number, " was never sent"));
  }
  Message& message = found->second;
  if (message.receiver != receiver) {
    run_.Wrong(absl::StrCat("message ", number, " to actor ", message.receiver, " reached actor ",
                            receiver));
  }
  if (message.handled) run_.Wrong(absl::StrCat("message ", number, " was handled twice"));
  message.handled = true;
  uint64_t& last = last_handled_[{message.sender, receiver, message.lane}];
  if (in_order_ && number < last) {
    run_.Wrong(absl::StrCat("message ", number, " was handled after message ", last, ", both from ",
                            message.sender, " to ", receiver));
  }
  last = number;
}

void MessagesOracle::Undelivered(uint64_t sender, uint64_t receiver, uint64_t number) {
  ++undelivered_[{sender, receiver}];
  if (number == 0) return;
  const auto found = messages_.find(number);
  if (found == messages_.end() || found->second.sender != sender ||
      found->second.receiver != receiver) {
    return run_.Wrong(absl::StrCat("life ", sender, " was told of the loss of message ", number,
                                   ", which it never sent to actor ", receiver));
  }
  ++found->second.told;
}

MessagesOracle::Counts MessagesOracle::counts() const {
  Counts counts;
  for (const auto& [number, message] : messages_) {
    counts.accepted += message.result == SendResult::kAccepted ? 1 : 0;
    counts.gone += message.result == SendResult::kGone ? 1 : 0;
    counts.handled += message.handled ? 1 : 0;
  }
  return counts;
}

void MessagesOracle::JudgeLosses(const std::function<bool(uint64_t sender)>& hears,
                                 Told told) const {
  std::map<Pair, int64_t> untold = undelivered_;
  for (const auto& [number, message] : messages_) {
    const bool accepted = message.result == SendResult::kAccepted;
    if (!accepted && message.handled) {
      run_.Wrong(absl::StrCat("message ", number, " was refused and handled"));
    }
    if (message.told > 1) {
      run_.Wrong(absl::StrCat("message ", number, " was told to be lost more than once"));
    }
    if (message.told > 0 && message.handled && told == Told::kExactly) {
      run_.Wrong(absl::StrCat("message ", number, " was handled and told to be lost"));
    }
    if (accepted && !message.handled && !message.final) {
      --untold[{message.sender, message.receiver}];
    }
  }
  for (const auto& [pair, difference] : untold) {
    if (difference == 0 || !hears(pair.first)) continue;
    if (difference > 0 && told == Told::kAtLeast) continue;
    run_.Wrong(absl::StrCat("life ", pair.first, " was told of ",
                            difference < 0 ? "too few" : "too many", " losses to actor ",
                            pair.second, ": by ", difference));
  }
}

}  // namespace troupe
