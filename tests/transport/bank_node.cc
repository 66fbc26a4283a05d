// A node that exports an account as "alice", prints where it listens and runs until its input
// ends: what peers written in another language talk to.

#include <iostream>
#include <string>

#include "tests/transport/bank.troupe.h"
#include "troupe/actors/system.h"
#include "troupe/tests/transport/account.h"
#include "troupe/transport/node.h"

int main() {
  auto system = troupe::System::Start({.shards = 2});
  if (!system.ok()) return 1;
  auto node = troupe::Node::Start(**system, {.name = "bank", .listen = "127.0.0.1:0"});
  if (!node.ok()) return 1;
  const bank::Account::Ref alice = (*system)->Spawn<troupe::AccountActor>({}, 100);
  if (!(*node)->Export("alice", alice).ok()) return 1;
  std::cout << (*node)->address().ToString() << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
  return 0;
}
