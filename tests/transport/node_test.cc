// Two systems in one process that talk over loopback.

#include "troupe/transport/node.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/transport/bank.troupe.h"
#include "troupe/actors/system.h"
#include "troupe/tests/transport/account.h"

namespace troupe {
namespace {

// A system and its node.
struct Side {
  explicit Side(std::string name, int shards = 1, Limits limits = {}) {
    SystemOptions options;
    options.shards = shards;
    options.limits = limits;
    system = *System::Start(options);
    node = *Node::Start(*system, {.name = std::move(name), .listen = "127.0.0.1:0"});
  }
  std::string Url(const std::string& name) const {
    return absl::StrCat("troupe://", node->address().ToString(), "/", name);
  }

  std::unique_ptr<System> system;
  std::unique_ptr<Node> node;
};

bank::DepositRequest Cents(int64_t cents) {
  bank::DepositRequest request;
  request.set_cents(cents);
  return request;
}

class NodeTest : public testing::Test {
 protected:
  bank::Account::Ref Alice() {
    bank::Account::Ref alice = server_.system->Spawn<AccountActor>({}, 100);
    EXPECT_EQ(server_.node->Export("alice", alice), absl::OkStatus());
    return *client_.node->Lookup<bank::Account>(server_.Url("alice")).Wait();
  }

  Side server_{"server"};
  Side client_{"client"};
};

TEST_F(NodeTest, AskReachesAnExportedActorOfAnotherNode) {
  const bank::Account::Ref alice = Alice();
  const absl::StatusOr<bank::Balance> balance = alice.Deposit(Cents(5)).Wait();
  ASSERT_TRUE(balance.ok()) << balance.status();
  EXPECT_EQ(balance->cents(), 105);
}

TEST_F(NodeTest, HandlersErrorComesBack) {
  const bank::Account::Ref alice = Alice();
  const absl::StatusOr<bank::Balance> balance = alice.Deposit(Cents(-1)).Wait();
  EXPECT_EQ(balance.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(balance.status().message(), "cents must be positive");
}

}  // namespace
}  // namespace troupe
