// A test of many seeds in a user's workspace, with the rule of @troupe//sim:defs.bzl.

#include <cstdint>

#include "bank.troupe.h"
#include "gtest/gtest.h"
#include "troupe/base/buggify.h"
#include "troupe/sim/for_each_seed.h"
#include "troupe/troupe.h"

namespace {

class AccountActor final : public bank::Account::Actor {
 public:
  troupe::Reply<bank::Balance> Deposit(troupe::Context&,
                                       const bank::DepositRequest& request) override {
    if (TROUPE_BUGGIFY("a full safe")) return absl::ResourceExhaustedError("the safe is full");
    cents_ += request.cents();
    bank::Balance balance;
    balance.set_cents(cents_);
    return balance;
  }
  troupe::Reply<void> Audit(troupe::Context&, const bank::AuditNote&) override {
    return absl::OkStatus();
  }
  troupe::Reply<bank::Balance> Get(troupe::Context&, const bank::GetRequest&) override {
    return bank::Balance();
  }
  troupe::Reply<void> Watch(troupe::Context&, const bank::WatchRequest&,
                            troupe::Sink<bank::Balance>) override {
    return absl::OkStatus();
  }

 private:
  int64_t cents_ = 0;
};

TEST(BankSimTest, EachDepositCountsOnce) {
  troupe::ForEachSeed([](troupe::SimRun& run) {
    const int64_t deposits = run.Number("deposits", 1, 20);
    const auto system = *troupe::System::Start(
        {.shards = 2, .limits = run.limits(), .platform = &run.AddNode("bank")});
    const bank::Account::Ref account = system->Spawn<AccountActor>({});
    int64_t cents = 0;
    for (int64_t i = 0; i < deposits; ++i) {
      bank::DepositRequest request;
      request.set_cents(1);
      const absl::StatusOr<bank::Balance> balance = account.Deposit(request).Wait();
      if (!balance.ok()) continue;
      run.Expect(balance->cents() == ++cents, "a deposit was lost or counted twice");
    }
  });
}

}  // namespace
