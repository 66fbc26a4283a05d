// Teaches: an actor with a protobuf service as its interface, used from another process through the
// same handle as locally.
//
// Starts a second process that keeps an account, and prints what a customer in this one gets from
// it: a deposit, a refused overdraft, a withdrawal and a stream of balances.
//
//   bazel run //examples/bank

#include <csignal>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/examples/bank/account.h"
#include "troupe/examples/bank/customer.h"
#include "troupe/troupe.h"

namespace bank {
namespace {

constexpr std::string_view kListening = "listening on ";

int Refuse(const absl::Status& status) {
  std::cerr << "bank: " << status.ToString() << "\n";
  return 1;
}

// The process that keeps the account.
int KeepAccount() {
  auto system = troupe::System::Start({.shards = 1});
  if (!system.ok()) return Refuse(system.status());
  Account::Ref account = (*system)->Spawn<AccountActor>({.name = "alice"}, 100'00);
  auto node = troupe::Node::Start(**system, {.name = "bank-1", .listen = "127.0.0.1:0"});
  if (!node.ok()) return Refuse(node.status());
  const absl::Status exported = (*node)->Export("alice", account);
  if (!exported.ok()) return Refuse(exported);
  std::cout << kListening << (*node)->address().ToString() << std::endl;
  return (*system)->Run();
}

// Runs the other process and, once that listens, a customer of its account.
class TellerActor final : public troupe::Actor {
 public:
  explicit TellerActor(troupe::Node* node) : node_(node) {}

  troupe::Reply<void> OnStart(troupe::Context& cx) override {
    troupe::ChildOptions child;
    child.argv = {std::filesystem::read_symlink("/proc/self/exe").string(), "--keep_account"};
    child.kill_with_parent = true;
    absl::StatusOr<troupe::ChildId> keeper = cx.Exec(this, std::move(child));
    if (keeper.ok()) keeper_ = *keeper;
    return keeper.status();
  }

  troupe::Reply<void> On(troupe::Context& cx, const troupe::ChildOutput& output) {
    if (output.is_stderr || output.bytes.rfind(kListening, 0) != 0) {
      std::cerr << output.bytes;
      co_return absl::OkStatus();
    }
    const std::string address =
        output.bytes.substr(kListening.size(), output.bytes.find('\n') - kListening.size());
    const std::string url = absl::StrCat("troupe://", address, "/alice");
    absl::StatusOr<Account::Ref> alice = co_await node_->Lookup<Account>(url);
    TROUPE_CO_RETURN_IF_ERROR(alice.status());
    const auto say = [](std::string line) { std::cout << line << std::endl; };
    const auto done = [self = cx.Self(this)] { self.Send(CustomerDone{}); };
    cx.Spawn<CustomerActor>({}, *alice, say, done);
    co_return absl::OkStatus();
  }

  struct CustomerDone {};
  void On(troupe::Context& cx, CustomerDone) {
    const absl::Status asked = cx.SignalChild(keeper_, SIGTERM);
    if (!asked.ok()) std::cerr << "bank: " << asked.ToString() << "\n";
  }

  void On(troupe::Context& cx, const troupe::ChildExited& exited) {
    std::cout << "the other process ended with code " << exited.status.exit_code << std::endl;
    cx.self().system()->Shutdown();
  }

 private:
  troupe::Node* const node_;
  troupe::ChildId keeper_;
};

int UseAccount() {
  auto system = troupe::System::Start({.shards = 1});
  if (!system.ok()) return Refuse(system.status());
  auto node = troupe::Node::Start(**system, {.name = "customer"});
  if (!node.ok()) return Refuse(node.status());
  (*system)->Spawn<TellerActor>({.restart = {.kind = troupe::RestartKind::kNever}}, node->get());
  return (*system)->Run();
}

}  // namespace
}  // namespace bank

int main(int argc, char** argv) {
  troupe::SetLogLevel(troupe::LogLevel::kWarning);
  const bool keeper = argc == 2 && std::string_view(argv[1]) == "--keep_account";
  return keeper ? bank::KeepAccount() : bank::UseAccount();
}
