// What a test of a distributed service looks like: the bank's accounts on nodes of their own,
// tellers that move money between them, and a network that fails by the seed. Whatever happens, no
// money is made, and none is lost that the books do not know of.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/examples/bank/account.h"
#include "troupe/examples/bank/teller.h"
#include "troupe/sim/fault_driver.h"
#include "troupe/sim/for_each_seed.h"
#include "troupe/sim/sim_run.h"
#include "troupe/troupe.h"

namespace troupe {
namespace {

constexpr int64_t kCents = 1000;  // On each account at the start.

// A node with one account, or with none.
struct Member {
  Member(SimRun& run, const std::string& name, const std::string& address, const Limits& limits)
      : system(*System::Start({.shards = 2, .limits = limits, .platform = &run.AddNode(name)})),
        node(*Node::Start(*system, {.name = name, .listen = address})) {}

  std::unique_ptr<System> system;
  std::unique_ptr<Node> node;
};

TEST(BankSimTest, NoMoneyIsMadeAndNoneIsLostUnknown) {
  ForEachSeed([](SimRun& run) {
    const auto banks = static_cast<size_t>(run.Number("banks", 2, 4));
    const int64_t tellers = run.Number("tellers", 1, 4);
    const int64_t moves = run.Number("moves", 1, 30);
    const Limits limits = run.limits();

    bank::Books books;  // Outlives the systems, whose actors write to it.
    std::vector<std::string> names = {"front"};
    std::vector<std::unique_ptr<Member>> members;
    std::vector<bank::Account::Ref> accounts;
    Member front(run, "front", "127.0.0.1:4500", limits);
    for (size_t i = 0; i < banks; ++i) {
      names.push_back(absl::StrCat("bank-", i));
      const std::string address = absl::StrCat("127.0.0.1:", 4501 + i);
      members.push_back(std::make_unique<Member>(run, names.back(), address, limits));
      const bank::Account::Ref account =
          members.back()->system->Spawn<bank::AccountActor>({}, kCents);
      ASSERT_EQ(members.back()->node->Export("account", account), absl::OkStatus());
      const auto found =
          front.node->Lookup<bank::Account>(absl::StrCat("troupe://", address, "/account")).Wait();
      ASSERT_TRUE(found.ok()) << found.status();
      accounts.push_back(*found);
    }

    for (int64_t i = 0; i < tellers; ++i) {
      const size_t from = run.random().Below(banks);
      const size_t to = (from + 1 + run.random().Below(banks - 1)) % banks;
      const auto teller =
          front.system->Spawn<bank::TellerActor>({}, accounts[from], accounts[to], &books);
      for (int64_t move = 0; move < moves; ++move) {
        teller.Send(bank::TellerActor::Move{1 + static_cast<int64_t>(run.random().Below(200))});
      }
    }

    // Half a minute of faults, and then time for all to settle.
    FaultDriver faults(run.simulation(), names, run.seed(),
                       {.shards = 2, .happens = run.Each("fault")});
    faults.RunFor(absl::Seconds(30));
    faults.MendAll();
    run.simulation().RunFor(absl::Minutes(3));

    int64_t cents = 0;
    for (const bank::Account::Ref& account : accounts) {
      const absl::StatusOr<bank::Balance> balance = account.Get({}).Wait();
      ASSERT_TRUE(balance.ok()) << "mended, and yet: " << balance.status();
      cents += balance->cents();
    }
    const int64_t all = static_cast<int64_t>(banks) * kCents;
    run.Expect(cents <= all, absl::StrCat(cents - all, " cents were made"));
    run.Expect(cents >= all - books.in_doubt,
               absl::StrCat(all - cents, " cents are lost, ", books.in_doubt, " in doubt"));
  });
}

}  // namespace
}  // namespace troupe
