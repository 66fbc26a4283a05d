#include "troupe/examples/bank/account.h"

#include "absl/strings/str_cat.h"

namespace bank {
namespace {

// The interval at which a watched balance is checked.
constexpr absl::Duration kWatchInterval = absl::Milliseconds(10);

Balance MakeBalance(int64_t cents) {
  Balance balance;
  balance.set_cents(cents);
  return balance;
}

}  // namespace

// An immediate outcome: no coroutine, no allocation.
troupe::Reply<Balance> AccountActor::Deposit(troupe::Context&, const DepositRequest& request) {
  if (request.cents() <= 0) return absl::InvalidArgumentError("cents must be positive");
  cents_ += request.cents();
  return MakeBalance(cents_);
}

troupe::Reply<Balance> AccountActor::Withdraw(troupe::Context&, const WithdrawRequest& request) {
  if (request.cents() <= 0) return absl::InvalidArgumentError("cents must be positive");
  if (request.cents() > cents_) {
    return absl::FailedPreconditionError(
        absl::StrCat("overdraft: ", request.cents(), " asked for, ", cents_, " there"));
  }
  cents_ -= request.cents();
  return MakeBalance(cents_);
}

troupe::Reply<void> AccountActor::Audit(troupe::Context&, const AuditNote& note) {
  notes_.push_back(note.text());
  return absl::OkStatus();
}

troupe::Reply<Balance> AccountActor::Get(troupe::Context&, const GetRequest&) {
  return MakeBalance(cents_);
}

// A coroutine. As this is a stream, other messages are handled while it waits.
troupe::Reply<void> AccountActor::Watch(troupe::Context& cx, const WatchRequest&,
                                        troupe::Sink<Balance> out) {
  int64_t told = -1;
  while (!cx.cancelled()) {
    if (cents_ != told) {
      told = cents_;
      TROUPE_CO_RETURN_IF_ERROR(co_await out.Write(MakeBalance(told)));
    }
    co_await cx.Sleep(kWatchInterval);
  }
  co_return absl::OkStatus();
}

}  // namespace bank
