#include "troupe/examples/bank/customer.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace bank {
namespace {

DepositRequest MakeDeposit(int64_t cents) {
  DepositRequest request;
  request.set_cents(cents);
  return request;
}

WithdrawRequest MakeWithdrawal(int64_t cents) {
  WithdrawRequest request;
  request.set_cents(cents);
  return request;
}

std::string Describe(const absl::StatusOr<Balance>& balance) {
  if (balance.ok()) return absl::StrCat("balance ", balance->cents());
  return absl::StrCat("refused, ", balance.status().message());
}

}  // namespace

// OnStart keeps other messages waiting until it is done; a message to itself does not.
troupe::Reply<void> CustomerActor::OnStart(troupe::Context& cx) {
  cx.Self(this).Send(Begin{});
  return absl::OkStatus();
}

troupe::Reply<void> CustomerActor::On(troupe::Context&, const Begin&) {
  absl::StatusOr<Balance> balance =
      co_await account_.Deposit(MakeDeposit(25'00)).Within(absl::Seconds(5));
  say_(absl::StrCat("deposit 2500: ", Describe(balance)));

  balance = co_await account_.Withdraw(MakeWithdrawal(1'000'00));
  say_(absl::StrCat("withdraw 100000: ", Describe(balance)));

  balance = co_await account_.Withdraw(MakeWithdrawal(50'00));
  say_(absl::StrCat("withdraw 5000: ", Describe(balance)));

  AuditNote note;
  note.set_text("one customer seen");
  account_.Audit(note);  // One-way: nothing to wait for.

  absl::Status watched = co_await WatchSome();
  done_();
  co_return watched;
}

// Watches two changes through a stream while making them.
troupe::Reply<void> CustomerActor::WatchSome() {
  troupe::Stream<Balance> balances = account_.Watch(WatchRequest()).Start();
  for (int change = 0; change <= 2; ++change) {
    absl::StatusOr<std::optional<Balance>> next = co_await balances.Next();
    TROUPE_CO_RETURN_IF_ERROR(next.status());
    if (!next->has_value()) break;
    say_(absl::StrCat("watch: balance ", (*next)->cents()));
    if (change == 2) break;
    absl::StatusOr<Balance> balance = co_await account_.Deposit(MakeDeposit(1'00));
    TROUPE_CO_RETURN_IF_ERROR(balance.status());
  }
  co_return absl::OkStatus();  // Dropping the stream ends it at the account.
}

}  // namespace bank
