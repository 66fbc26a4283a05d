// The bank example's actors on two simulated nodes.

#include <cstdint>
#include <deque>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/examples/bank/account.h"
#include "troupe/examples/bank/customer.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/tests/sim/another_process.h"
#include "troupe/troupe.h"

namespace troupe {
namespace {

constexpr DelayRange kMessageDelay = {absl::Milliseconds(1), absl::Milliseconds(40)};

struct RunOutcome {
  uint64_t hash = 0;
  std::deque<std::string> trace;
  std::vector<std::string> said;
  absl::Duration took;
  int64_t threads = 0;
  int64_t sockets = 0;
};

int64_t ThreadCount() {
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return std::distance(begin(threads), end(threads));
}

int64_t SocketCount() {
  int64_t count = 0;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(fd.path(), gone);
    if (target.string().rfind("socket:", 0) == 0) ++count;
  }
  return count;
}

// A customer on one node uses an account on the other.
RunOutcome RunBank(uint64_t seed) {
  RunOutcome outcome;
  TestSimulation simulation({.seed = seed, .network_delay = kMessageDelay, .record_trace = true});
  const Instant before = simulation.clock().Now();
  {
    const auto keeper = *System::Start({.shards = 2, .platform = &simulation.AddNode("keeper")});
    const auto bank = *Node::Start(*keeper, {.name = "bank-1", .listen = "127.0.0.1:4500"});
    const bank::Account::Ref account = keeper->Spawn<bank::AccountActor>({}, 100'00);
    EXPECT_TRUE(bank->Export("alice", account).ok());

    const auto user = *System::Start({.shards = 2, .platform = &simulation.AddNode("user")});
    const auto customer = *Node::Start(*user, {.name = "customer"});
    const auto alice = customer->Lookup<bank::Account>("troupe://127.0.0.1:4500/alice").Wait();
    EXPECT_TRUE(alice.ok()) << alice.status();
    bool done = false;
    const auto say = [&](std::string line) { outcome.said.push_back(line); };
    user->Spawn<bank::CustomerActor>({}, *alice, say, [&] { done = true; });
    EXPECT_TRUE(simulation.RunUntil([&] { return done; }));
    outcome.threads = ThreadCount();
    outcome.sockets = SocketCount();
  }
  outcome.took = simulation.clock().Now() - before;
  outcome.hash = simulation.trace_hash();
  outcome.trace = simulation.trace();
  return outcome;
}

TEST(BankTest, OneSeedGivesOneTrace) {
  const uint64_t seed = SimulationSeed(7);
  const RunOutcome first = RunBank(seed);
  const RunOutcome second = RunBank(seed);
  EXPECT_FALSE(first.trace.empty());
  EXPECT_EQ(first.trace, second.trace);
  EXPECT_EQ(first.hash, second.hash);
  EXPECT_EQ(first.took, second.took);
}

TEST(BankTest, AnotherProcessGetsTheSameTrace) { ExpectSameHashInAnotherProcess(RunBank(7).hash); }

TEST(BankTest, AnotherSeedGivesAnotherTraceAndTheSameAnswers) {
  const RunOutcome first = RunBank(7);
  const RunOutcome second = RunBank(8);
  EXPECT_NE(first.hash, second.hash);
  EXPECT_NE(first.trace, second.trace);
  EXPECT_EQ(first.said, second.said);
}

TEST(BankTest, TheCustomerGetsWhatTheExamplePrints) {
  for (const uint64_t seed : SimulationSeeds(20)) {
    EXPECT_EQ(RunBank(seed).said,
              (std::vector<std::string>{
                  "deposit 2500: balance 12500",
                  "withdraw 100000: refused, overdraft: 100000 asked for, 12500 there",
                  "withdraw 5000: balance 7500", "watch: balance 7500", "watch: balance 7600",
                  "watch: balance 7700"}))
        << "seed " << seed;
  }
}

TEST(BankTest, NoThreadAndNoSocketIsUsed) {
  const int64_t sockets = SocketCount();
  const RunOutcome outcome = RunBank(SimulationSeed());
  EXPECT_EQ(outcome.threads, 1);
  EXPECT_EQ(outcome.sockets, sockets);
}

TEST(BankTest, MessagesTakeVirtualTime) {
  EXPECT_GE(RunBank(SimulationSeed()).took, 10 * kMessageDelay.min);
}

}  // namespace
}  // namespace troupe
