#include "troupe/examples/bank/teller.h"

#include <utility>

namespace bank {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr absl::Duration kBeforeNextTry = absl::Milliseconds(200);
constexpr int kTriesMax = 30;

bool MayTryAgain(const absl::Status& failed) {
  return troupe::CertaintyOf(failed) != troupe::Certainty::kMaybeExecuted;
}

}  // namespace

troupe::Reply<void> TellerActor::On(troupe::Context& cx, const Move& move) {
  // Until it is known where they are, whatever becomes of this teller meanwhile.
  books_.in_doubt += move.cents;
  const absl::Status withdrawn = co_await Withdraw(cx, move.cents);
  if (!withdrawn.ok()) {
    if (withdrawn.code() == absl::StatusCode::kFailedPrecondition || MayTryAgain(withdrawn)) {
      books_.in_doubt -= move.cents;
      books_.refused += move.cents;
    }
    co_return absl::OkStatus();
  }
  const absl::Status deposited = co_await Deposit(cx, move.cents);
  if (deposited.ok()) {
    books_.in_doubt -= move.cents;
    books_.moved += move.cents;
  }
  co_return absl::OkStatus();
}

troupe::Reply<void> TellerActor::Withdraw(troupe::Context& cx, int64_t cents) {
  WithdrawRequest request;
  request.set_cents(cents);
  for (int tries = 1;; ++tries) {
    auto call = from_.Withdraw(request).Within(kPatience);
    const absl::StatusOr<Balance> balance = co_await std::move(call);
    if (balance.ok() || !MayTryAgain(balance.status()) || tries == kTriesMax) {
      co_return balance.status();
    }
    co_await cx.Sleep(kBeforeNextTry);
  }
}

troupe::Reply<void> TellerActor::Deposit(troupe::Context& cx, int64_t cents) {
  DepositRequest request;
  request.set_cents(cents);
  for (int tries = 1;; ++tries) {
    auto call = to_.Deposit(request).Within(kPatience);
    const absl::StatusOr<Balance> balance = co_await std::move(call);
    if (balance.ok() || !MayTryAgain(balance.status()) || tries == kTriesMax) {
      co_return balance.status();
    }
    co_await cx.Sleep(kBeforeNextTry);
  }
}

}  // namespace bank
