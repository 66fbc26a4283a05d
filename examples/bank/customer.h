#ifndef TROUPE_EXAMPLES_BANK_CUSTOMER_H_
#define TROUPE_EXAMPLES_BANK_CUSTOMER_H_

#include <functional>
#include <string>

#include "examples/bank/bank.troupe.h"
#include "troupe/troupe.h"

namespace bank {

// Uses an account, wherever it is, and reports each result to `say`; then calls `done`.
class CustomerActor final : public troupe::Actor {
 public:
  CustomerActor(Account::Ref account, std::function<void(std::string)> say,
                std::function<void()> done)
      : account_(account), say_(std::move(say)), done_(std::move(done)) {}

  troupe::Reply<void> OnStart(troupe::Context& cx) override;

  struct Begin {};
  troupe::Reply<void> On(troupe::Context& cx, const Begin& begin);

 private:
  troupe::Reply<void> WatchSome();

  const Account::Ref account_;
  const std::function<void(std::string)> say_;
  const std::function<void()> done_;
};

}  // namespace bank

#endif  // TROUPE_EXAMPLES_BANK_CUSTOMER_H_
