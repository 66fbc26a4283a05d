#ifndef TROUPE_EXAMPLES_BANK_TELLER_H_
#define TROUPE_EXAMPLES_BANK_TELLER_H_

#include <cstdint>

#include "examples/bank/bank.troupe.h"
#include "troupe/troupe.h"

namespace bank {

// What a teller knows of its transfers.
struct Books {
  int64_t moved = 0;     // Cents that have arrived.
  int64_t refused = 0;   // Cents that were not there to be taken, or not to be had.
  int64_t in_doubt = 0;  // Cents that may be on neither account: somebody has to look.
};

// Moves money between two accounts, wherever they are. What failed is tried again, 30 times at
// most, only if it says that it was not executed: what may have been would move the money twice.
class TellerActor final : public troupe::Actor {
 public:
  TellerActor(Account::Ref from, Account::Ref to, Books* books)
      : from_(from), to_(to), books_(*books) {}

  struct Move {
    int64_t cents = 0;
  };
  troupe::Reply<void> On(troupe::Context& cx, const Move& move);

 private:
  // Whether it was done; FAILED_PRECONDITION if the account refused it, else as certain as it says.
  troupe::Reply<void> Withdraw(troupe::Context& cx, int64_t cents);
  troupe::Reply<void> Deposit(troupe::Context& cx, int64_t cents);

  const Account::Ref from_;
  const Account::Ref to_;
  Books& books_;
};

}  // namespace bank

#endif  // TROUPE_EXAMPLES_BANK_TELLER_H_
