#include "troupe/examples/bank/teller.h"

namespace bank {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr absl::Duration kBeforeNextTry = absl::Milliseconds(200);

bool MayTryAgain(const absl::Status& failed) {
  return troupe::CertaintyOf(failed) != troupe::Certainty::kMaybeExecuted;
}

}  // namespace

troupe::Reply<void> TellerActor::On(troupe::Context& cx, const Move& move) {
  const absl::Status withdrawn = co_await Withdraw(cx, move.cents);
  if (withdrawn.code() == absl::StatusCode::kFailedPrecondition) {
    books_.refused += move.cents;
    co_return absl::OkStatus();
  }
  if (!withdrawn.ok()) {
    books_.in_doubt += move.cents;
    co_return absl::OkStatus();
  }
  const absl::Status deposited = co_await Deposit(cx, move.cents);
  (deposited.ok() ? books_.moved : books_.in_doubt) += move.cents;
  co_return absl::OkStatus();
}

troupe::Reply<void> TellerActor::Withdraw(troupe::Context& cx, int64_t cents) {
  WithdrawRequest request;
  request.set_cents(cents);
  while (true) {
    auto call = from_.Withdraw(request).Within(kPatience);
    const absl::StatusOr<Balance> balance = co_await std::move(call);
    if (balance.ok() || !MayTryAgain(balance.status())) co_return balance.status();
    co_await cx.Sleep(kBeforeNextTry);
  }
}

troupe::Reply<void> TellerActor::Deposit(troupe::Context& cx, int64_t cents) {
  DepositRequest request;
  request.set_cents(cents);
  while (true) {
    auto call = to_.Deposit(request).Within(kPatience);
    const absl::StatusOr<Balance> balance = co_await std::move(call);
    if (balance.ok() || !MayTryAgain(balance.status())) co_return balance.status();
    co_await cx.Sleep(kBeforeNextTry);
  }
}

}  // namespace bank
