#ifndef TROUPE_EXAMPLES_BANK_ACCOUNT_H_
#define TROUPE_EXAMPLES_BANK_ACCOUNT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "examples/bank/bank.troupe.h"
#include "troupe/troupe.h"

namespace bank {

// An account's money and its auditors' notes.
class AccountActor final : public Account::Actor {
 public:
  explicit AccountActor(int64_t cents) : cents_(cents) {}

  troupe::Reply<Balance> Deposit(troupe::Context& cx, const DepositRequest& request) override;
  troupe::Reply<Balance> Withdraw(troupe::Context& cx, const WithdrawRequest& request) override;
  troupe::Reply<void> Audit(troupe::Context& cx, const AuditNote& note) override;
  troupe::Reply<Balance> Get(troupe::Context& cx, const GetRequest& request) override;
  troupe::Reply<void> Watch(troupe::Context& cx, const WatchRequest& request,
                            troupe::Sink<Balance> out) override;

 private:
  int64_t cents_;
  std::vector<std::string> notes_;
};

}  // namespace bank

#endif  // TROUPE_EXAMPLES_BANK_ACCOUNT_H_
