// Two systems in one process that talk over loopback.

#include "troupe/transport/node.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/transport/bank.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/system.h"
#include "troupe/tests/transport/account.h"
#include "troupe/tests/transport/mail.h"
#include "troupe/tests/transport/side.h"
#include "troupe/transport/peers.h"

namespace troupe {
namespace {

bank::DepositRequest Cents(int64_t cents) {
  bank::DepositRequest request;
  request.set_cents(cents);
  return request;
}

bank::WatchRequest Items(int32_t items) {
  bank::WatchRequest request;
  request.set_items(items);
  return request;
}

struct Do {
  std::function<Reply<void>(Context&)> task;
};
struct MonitorThis {
  AnyRef target;
};
struct Forget {
  MonitorId monitor;
};
struct WatchPeersOf {
  Node* node;
};

// Does on a shard what a test wants done there, and tells it of events.
class Helper : public Actor {
 public:
  struct Told {
    Mail<Down> downs;
    Mail<Undelivered> undelivered;
    Mail<MonitorId> monitors;
    Mail<std::string> peers;
  };
  explicit Helper(Told* told) : told_(told) {}

  Reply<void> On(Context& cx, Do what) {
    const std::function<Reply<void>(Context&)> task = std::move(what.task);
    co_return co_await task(cx);
  }
  void On(Context& cx, MonitorThis message) {
    told_->monitors.Put(cx.Monitor(this, message.target));
  }
  void On(Context& cx, Forget message) { cx.Demonitor(message.monitor); }
  void On(Context& cx, WatchPeersOf message) {
    EXPECT_TRUE(message.node->WatchPeers(cx, this).ok());
  }
  void On(Context&, const PeerUp& up) { told_->peers.Put("up " + up.name); }
  void On(Context&, const PeerDown& down) { told_->peers.Put("down " + down.name); }
  void On(Context&, const Down& down) { told_->downs.Put(down); }
  void On(Context&, const Undelivered& notice) { told_->undelivered.Put(notice); }

 private:
  Told* const told_;
};

// One shard each, and two.
class NodeTest : public testing::TestWithParam<int> {
 protected:
  bank::Account::Ref Alice() { return Lookup(Export("alice")); }
  AnyRef Export(const std::string& name, SpawnOptions options = {}) {
    options.placement.shard = GetParam() - 1;
    const bank::Account::Ref account = server_.system->Spawn<AccountActor>(options, 100);
    EXPECT_EQ(server_.node->Export(name, account), absl::OkStatus());
    exported_ = account;
    name_ = name;
    return account;
  }
  bank::Account::Ref Lookup(const AnyRef&) {
    absl::StatusOr<bank::Account::Ref> ref =
        client_.node->Lookup<bank::Account>(server_.Url(name_)).Wait();
    EXPECT_TRUE(ref.ok()) << ref.status();
    return ref.ok() ? *ref : bank::Account::Ref();
  }
  // Runs `task` in a handler of the client's system, to its end.
  void InHandler(std::function<Reply<void>(Context&)> task) {
    Mail<std::string> done;
    helper_.Send(Do{[&done, task = std::move(task)](Context& cx) -> Reply<void> {
      const absl::Status status = co_await task(cx);
      done.Put(status.ToString());
      co_return status;
    }});
    EXPECT_EQ(done.Take(), "OK");
  }

  Helper::Told told_;
  Helper::Told second_told_;
  Side server_{"server", GetParam()};
  Side client_{"client", GetParam()};
  Ref<Helper> helper_ = client_.system->Spawn<Helper>({}, &told_);
  AnyRef exported_;
  std::string name_;
};
INSTANTIATE_TEST_SUITE_P(Shards, NodeTest, testing::Values(1, 2));

TEST_P(NodeTest, AskReachesAnExportedActorOfAnotherNode) {
  const absl::StatusOr<bank::Balance> balance = Alice().Deposit(Cents(5)).Wait();
  ASSERT_TRUE(balance.ok()) << balance.status();
  EXPECT_EQ(balance->cents(), 105);
}

TEST_P(NodeTest, HandlersErrorComesBack) {
  const absl::StatusOr<bank::Balance> balance = Alice().Deposit(Cents(-1)).Wait();
  EXPECT_EQ(balance.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(balance.status().message(), "cents must be positive");
  EXPECT_EQ(CertaintyOf(balance.status()), Certainty::kMaybeExecuted);
}

TEST_P(NodeTest, OneWayMessagesArriveInOrderBeforeALaterRequest) {
  const bank::Account::Ref alice = Alice();
  InHandler([alice](Context&) -> Reply<void> {
    for (int i = 0; i < 1000; ++i) {
      EXPECT_EQ(alice.Audit(bank::AuditNote()), SendResult::kAccepted);
    }
    absl::StatusOr<bank::Balance> balance = co_await alice.Get(google::protobuf::Empty());
    TROUPE_CO_RETURN_IF_ERROR(balance.status());
    EXPECT_EQ(balance->audits(), 1000);
    co_return absl::OkStatus();
  });
}

TEST_P(NodeTest, ManyRequestsOfOneTurnGoOutInFewWrites) {
  const bank::Account::Ref alice = Alice();
  const uint64_t before = client_.node->Counters().writes;
  InHandler([alice](Context&) -> Reply<void> {
    std::vector<Pending<bank::Balance>> pending;
    for (int i = 0; i < 500; ++i) pending.push_back(alice.Deposit(Cents(1)).Start());
    for (auto& each : pending) {
      absl::StatusOr<bank::Balance> balance = co_await each;
      TROUPE_CO_RETURN_IF_ERROR(balance.status());
    }
    co_return absl::OkStatus();
  });
  // Between two shards the handover takes some turns.
  EXPECT_LT(client_.node->Counters().writes - before, 50);
}

TEST_P(NodeTest, LookupInAHandler) {
  Export("alice");
  Node* const node = client_.node.get();
  InHandler([node, url = server_.Url("alice")](Context&) -> Reply<void> {
    absl::StatusOr<bank::Account::Ref> alice = co_await node->Lookup<bank::Account>(url);
    TROUPE_CO_RETURN_IF_ERROR(alice.status());
    absl::StatusOr<bank::Balance> balance = co_await alice->Deposit(Cents(1));
    co_return balance.status();
  });
}

TEST_P(NodeTest, LookupOfNothingIsNotFound) {
  const auto ref = client_.node->Lookup<bank::Account>(server_.Url("nobody")).Wait();
  EXPECT_EQ(ref.status().code(), absl::StatusCode::kNotFound);
}

TEST_P(NodeTest, LookupOfAnotherServiceIsAFailedPrecondition) {
  Export("alice");
  const auto ref = client_.node->Lookup<bank::Other>(server_.Url("alice")).Wait();
  EXPECT_EQ(ref.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ref.status().message(), "\"alice\" serves bank.Account, not bank.Other");
}

TEST_P(NodeTest, LookupOfAnEndedActorIsNotFound) {
  const bank::Account::Ref alice = Alice();
  ASSERT_TRUE(alice.Stop(bank::StopRequest()).Wait().ok());
  const auto again = client_.node->Lookup<bank::Account>(server_.Url("alice")).Wait();
  EXPECT_EQ(again.status().code(), absl::StatusCode::kNotFound);
}

TEST_P(NodeTest, LookupWhereNobodyListensIsUnavailable) {
  std::string url;
  {
    Side gone("gone");
    url = gone.Url("alice");
  }
  const auto ref = client_.node->Lookup<bank::Account>(url).Wait();
  EXPECT_EQ(ref.status().code(), absl::StatusCode::kUnavailable) << ref.status();
  EXPECT_EQ(CertaintyOf(ref.status()), Certainty::kNotSent);
}

TEST_P(NodeTest, MalformedUrlIsAnInvalidArgument) {
  for (const char* url :
       {"", "http://127.0.0.1:1/a", "troupe://127.0.0.1:1", "troupe://127.0.0.1:1/",
        "troupe://localhost:1/a", "troupe://127.0.0.1/a"}) {
    const auto ref = client_.node->Lookup<bank::Account>(url).Wait();
    EXPECT_EQ(ref.status().code(), absl::StatusCode::kInvalidArgument) << url;
  }
}

TEST_P(NodeTest, StreamComesWholeAndInOrderThroughItsCredit) {
  const bank::Account::Ref alice = Alice();
  InHandler([alice](Context&) -> Reply<void> {
    Stream<bank::Balance> stream = alice.Watch(Items(1000));
    for (int i = 0; i < 1000; ++i) {
      absl::StatusOr<std::optional<bank::Balance>> item = co_await stream.Next();
      TROUPE_CO_RETURN_IF_ERROR(item.status());
      if (!item->has_value()) co_return absl::DataLossError(absl::StrCat("ended after ", i));
      EXPECT_EQ((*item)->cents(), i);
    }
    absl::StatusOr<std::optional<bank::Balance>> end = co_await stream.Next();
    TROUPE_CO_RETURN_IF_ERROR(end.status());
    EXPECT_FALSE(end->has_value());
    co_return absl::OkStatus();
  });
}

TEST_P(NodeTest, StreamsErrorComesAtItsEnd) {
  const bank::Account::Ref alice = Alice();
  InHandler([alice](Context&) -> Reply<void> {
    Stream<bank::Balance> stream = alice.Watch(Items(-1));
    absl::StatusOr<std::optional<bank::Balance>> end = co_await stream.Next();
    EXPECT_EQ(end.status().code(), absl::StatusCode::kOutOfRange);
    co_return absl::OkStatus();
  });
}

TEST_P(NodeTest, DroppedStreamEndsAtItsWriter) {
  const bank::Account::Ref alice = Alice();
  InHandler([alice](Context&) -> Reply<void> {
    Stream<bank::Balance> stream = alice.Watch(Items(1 << 30));
    absl::StatusOr<std::optional<bank::Balance>> first = co_await stream.Next();
    co_return first.status();
  });
  server_.Until([](const NodeCounters& counters) { return counters.asks_alive == 0; });
}

TEST_P(NodeTest, DeadlineTravelsAndEndsTheRequestAtBothEnds) {
  const bank::Account::Ref alice = Alice();
  const auto balance = alice.Hang(google::protobuf::Empty()).Within(absl::Milliseconds(20)).Wait();
  EXPECT_EQ(balance.status().code(), absl::StatusCode::kDeadlineExceeded);
  client_.Until([](const NodeCounters& counters) { return counters.requests_alive == 0; });
  server_.Until([](const NodeCounters& counters) { return counters.asks_alive == 0; });
}

TEST_P(NodeTest, DroppedRequestIsCancelledAtTheCallee) {
  const bank::Account::Ref alice = Alice();
  InHandler([alice](Context&) -> Reply<void> {
    { Pending<bank::Balance> dropped = alice.Hang(google::protobuf::Empty()).Start(); }
    // The account is free again.
    absl::StatusOr<bank::Balance> balance = co_await alice.Deposit(Cents(1));
    co_return balance.status();
  });
  server_.Until([](const NodeCounters& counters) { return counters.asks_alive == 0; });
}

TEST_P(NodeTest, HandleInARequestCanBeCalledBack) {
  const bank::Account::Ref alice = Alice();
  const bank::Account::Ref bob = client_.system->Spawn<AccountActor>({}, 7);
  bank::Introduction introduction;
  *introduction.mutable_who() = ToProto(bob);
  const auto balance = alice.Introduce(introduction).Wait();
  ASSERT_TRUE(balance.ok()) << balance.status();
  EXPECT_EQ(balance->cents(), 8);
}

TEST_P(NodeTest, HandleInAReplyCanBeCalled) {
  const bank::Account::Ref alice = Alice();
  const auto self = alice.Self(google::protobuf::Empty()).Wait();
  ASSERT_TRUE(self.ok()) << self.status();
  const auto again = FromProto<bank::Account::Ref>(*client_.system, self->who());
  EXPECT_EQ(again, alice);
  EXPECT_TRUE(again.Deposit(Cents(1)).Wait().ok());
}

TEST_P(NodeTest, F18_HandleThatWasNotGivenReachesNobody) {
  const bank::Account::Ref alice = Alice();
  const bank::Account::Ref secret = server_.system->Spawn<AccountActor>({}, 1);
  const auto at = [&](uint16_t shard, uint32_t slot, uint64_t generation) {
    return bank::Account::Ref(
        AnyRef(client_.system.get(), alice.incarnation(), shard, slot, generation));
  };
  for (const bank::Account::Ref& forged :
       {at(secret.shard(), secret.slot(), secret.generation()), at(0, 0, 0),
        at(alice.shard(), alice.slot(), alice.generation() + 1),
        at(alice.shard(), alice.slot() + 1, alice.generation()),
        at(alice.shard() + 1, alice.slot(), alice.generation()), at(0xffff, 0xffffffff, ~0ull)}) {
    const auto balance = forged.Deposit(Cents(1)).Wait();
    EXPECT_EQ(balance.status().code(), absl::StatusCode::kNotFound) << forged.ToString();
    EXPECT_EQ(CertaintyOf(balance.status()), Certainty::kNotExecuted);
  }
  EXPECT_EQ(server_.node->Counters().not_granted, 6);
  EXPECT_TRUE(alice.Deposit(Cents(1)).Wait().ok());
}

TEST_P(NodeTest, F17_MethodOfAnotherServiceIsUnimplemented) {
  const bank::Account::Ref alice = Alice();
  const bank::Other::Ref wrong{AnyRef(alice)};
  const auto balance = wrong.Deposit(Cents(1)).Wait();
  EXPECT_EQ(balance.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(alice.Deposit(Cents(1)).Wait().ok());
}

TEST_P(NodeTest, HandleOfAnEndedActorIsStale) {
  const bank::Account::Ref alice = Alice();
  ASSERT_TRUE(alice.Stop(bank::StopRequest()).Wait().ok());
  server_.system->Spawn<AccountActor>({}, 1);  // In its place, perhaps.
  const auto balance = alice.Deposit(Cents(1)).Wait();
  EXPECT_EQ(balance.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CertaintyOf(balance.status()), Certainty::kNotExecuted);
}

TEST_P(NodeTest, MessageOverTheFrameLimitIsNotSent) {
  const bank::Account::Ref alice = Alice();
  bank::DepositRequest request = Cents(1);
  request.set_padding(std::string(2 << 20, 'x'));
  const auto balance = alice.Deposit(request).Wait();
  EXPECT_EQ(balance.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(CertaintyOf(balance.status()), Certainty::kNotSent);
}

TEST_P(NodeTest, LargeMessagesPassWhole) {
  const bank::Account::Ref alice = Alice();
  bank::DepositRequest request = Cents(1);
  for (const size_t bytes : {60'000, 65'536, 200'000, 1'000'000}) {
    request.set_padding(std::string(bytes, static_cast<char>('a' + bytes % 7)));
    const auto balance = alice.Deposit(request).Wait();
    ASSERT_TRUE(balance.ok()) << balance.status();
    EXPECT_EQ(balance->padding(), request.padding());
  }
}

TEST_P(NodeTest, F54_DownComesOnceWhenTheActorEnds) {
  const bank::Account::Ref alice = Alice();
  helper_.Send(MonitorThis{alice});
  const MonitorId monitor = told_.monitors.Take();
  ASSERT_TRUE(alice.Stop(bank::StopRequest()).Wait().ok());
  const Down down = told_.downs.Take();
  EXPECT_EQ(down.who, alice);
  EXPECT_EQ(down.monitor, monitor);
  EXPECT_EQ(down.reason, StopReason::kStopped);
}

TEST_P(NodeTest, F54_MonitorSetTwiceGivesTwoDowns) {
  const bank::Account::Ref alice = Alice();
  helper_.Send(MonitorThis{alice});
  helper_.Send(MonitorThis{alice});
  const MonitorId first = told_.monitors.Take();
  const MonitorId second = told_.monitors.Take();
  EXPECT_NE(first, second);
  ASSERT_TRUE(alice.Stop(bank::StopRequest()).Wait().ok());
  const MonitorId one = told_.downs.Take().monitor;
  const MonitorId other = told_.downs.Take().monitor;
  EXPECT_TRUE((one == first && other == second) || (one == second && other == first));
}

TEST_P(NodeTest, F54_DownOfAnActorThatEndedBefore) {
  const bank::Account::Ref alice = Alice();
  ASSERT_TRUE(alice.Stop(bank::StopRequest()).Wait().ok());
  helper_.Send(MonitorThis{alice});
  EXPECT_EQ(told_.downs.Take().reason, StopReason::kUnknown);
}

TEST_P(NodeTest, F54_NoDownAfterDemonitor) {
  const bank::Account::Ref alice = Alice();
  helper_.Send(MonitorThis{alice});
  helper_.Send(Forget{told_.monitors.Take()});
  helper_.Send(MonitorThis{alice});
  const MonitorId second = told_.monitors.Take();
  ASSERT_TRUE(alice.Stop(bank::StopRequest()).Wait().ok());
  EXPECT_EQ(told_.downs.Take().monitor, second);
  EXPECT_TRUE(told_.downs.empty());
}

TEST_P(NodeTest, EndOfThePeerResolvesEverything) {
  const bank::Account::Ref alice = Alice();
  helper_.Send(MonitorThis{alice});
  told_.monitors.Take();
  Mail<absl::Status> outcome;
  helper_.Send(Do{[alice, &outcome](Context&) -> Reply<void> {
    absl::StatusOr<bank::Balance> balance = co_await alice.Hang(google::protobuf::Empty());
    outcome.Put(std::move(balance).status());
    co_return absl::OkStatus();
  }});
  server_.Until([](const NodeCounters& counters) { return counters.asks_alive == 1; });
  server_.node.reset();
  const absl::Status status = outcome.Take();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CertaintyOf(status), Certainty::kMaybeExecuted);
  const Down down = told_.downs.Take();
  EXPECT_EQ(down.reason, StopReason::kNodeDown);
  client_.Until([](const NodeCounters& counters) { return counters.sessions_alive == 0; });
}

TEST_P(NodeTest, WatchersOnAllShardsAreToldOfAPeersUpAndBehindTheDownsOfItsDown) {
  const Ref<Helper> second = client_.system->Spawn<Helper>(
      {.placement = Placement::OnShard(GetParam() - 1)}, &second_told_);
  helper_.Send(WatchPeersOf{client_.node.get()});
  const bank::Account::Ref alice = Alice();
  EXPECT_EQ(told_.peers.Take(), "up server");
  second.Send(WatchPeersOf{client_.node.get()});
  EXPECT_EQ(second_told_.peers.Take(), "up server");
  for (const Ref<Helper>& watcher : {helper_, second}) watcher.Send(MonitorThis{alice});
  told_.monitors.Take();
  second_told_.monitors.Take();
  const std::vector<PeerState> peers = client_.node->Peers();
  ASSERT_EQ(peers.size(), 1u);
  EXPECT_EQ(peers[0].name, "server");
  server_.node.reset();
  EXPECT_EQ(told_.peers.Take(), "down server");
  EXPECT_EQ(second_told_.peers.Take(), "down server");
  EXPECT_FALSE(told_.downs.empty());
  EXPECT_FALSE(second_told_.downs.empty());
}

TEST_P(NodeTest, OwnEndResolvesEverything) {
  const bank::Account::Ref alice = Alice();
  helper_.Send(MonitorThis{alice});
  told_.monitors.Take();
  Mail<absl::Status> outcome;
  helper_.Send(Do{[alice, &outcome](Context&) -> Reply<void> {
    absl::StatusOr<bank::Balance> balance = co_await alice.Hang(google::protobuf::Empty());
    outcome.Put(std::move(balance).status());
    co_return absl::OkStatus();
  }});
  server_.Until([](const NodeCounters& counters) { return counters.asks_alive == 1; });
  client_.node.reset();
  EXPECT_EQ(outcome.Take().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(told_.downs.Take().reason, StopReason::kNodeDown);
  // The request is cancelled where it runs.
  server_.Until([](const NodeCounters& counters) {
    return counters.asks_alive == 0 && counters.sessions_alive == 0;
  });
}

TEST_P(NodeTest, HandleWorksAgainInALaterSessionWithTheSameIncarnation) {
  const bank::Account::Ref alice = Alice();
  const std::string address = server_.address();
  server_.node.reset();
  client_.Until([](const NodeCounters& counters) { return counters.sessions_alive == 0; });
  server_.node = *Node::Start(*server_.system, {.name = "server", .listen = address});
  ASSERT_EQ(server_.node->Export("alice", bank::Account::Ref(exported_)), absl::OkStatus());
  const auto balance = alice.Deposit(Cents(1)).Wait();
  ASSERT_TRUE(balance.ok()) << balance.status();
}

TEST_P(NodeTest, RestartedPeerIsAnotherNode) {
  const bank::Account::Ref alice = Alice();
  helper_.Send(MonitorThis{alice});
  told_.monitors.Take();
  const std::string address = server_.address();
  server_.node.reset();
  server_.system.reset();
  EXPECT_EQ(told_.downs.Take().reason, StopReason::kNodeDown);
  Side again("server", GetParam(), {}, address);
  const bank::Account::Ref successor = again.system->Spawn<AccountActor>({}, 1);
  ASSERT_EQ(again.node->Export("alice", successor), absl::OkStatus());
  const auto stale = alice.Deposit(Cents(1)).Wait();
  EXPECT_EQ(stale.status().code(), absl::StatusCode::kUnavailable) << stale.status();
  EXPECT_EQ(CertaintyOf(stale.status()), Certainty::kNotSent);
  const auto found = client_.node->Lookup<bank::Account>(again.Url("alice")).Wait();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_NE(*found, alice);
  EXPECT_TRUE(found->Deposit(Cents(1)).Wait().ok());
}

TEST_P(NodeTest, F39_SimultaneousConnectsEndInOneSession) {
  const bank::Account::Ref bob = client_.system->Spawn<AccountActor>({}, 1);
  ASSERT_EQ(client_.node->Export("bob", bob), absl::OkStatus());
  Export("alice");
  Mail<absl::Status> found;
  Node* const server = server_.node.get();
  Node* const client = client_.node.get();
  const Ref<Helper> there = server_.system->Spawn<Helper>({}, &told_);
  there.Send(Do{[server, url = client_.Url("bob"), &found](Context&) -> Reply<void> {
    absl::StatusOr<bank::Account::Ref> ref = co_await server->Lookup<bank::Account>(url);
    found.Put(std::move(ref).status());
    co_return absl::OkStatus();
  }});
  helper_.Send(Do{[client, url = server_.Url("alice"), &found](Context&) -> Reply<void> {
    absl::StatusOr<bank::Account::Ref> ref = co_await client->Lookup<bank::Account>(url);
    found.Put(std::move(ref).status());
    co_return absl::OkStatus();
  }});
  EXPECT_EQ(found.Take(), absl::OkStatus());
  EXPECT_EQ(found.Take(), absl::OkStatus());
  EXPECT_EQ(server_.node->Counters().sessions_alive, 1);
  EXPECT_EQ(client_.node->Counters().sessions_alive, 1);
  EXPECT_EQ(server_.node->Counters().sessions_begun, 1);
  EXPECT_EQ(client_.node->Counters().sessions_begun, 1);
}

TEST_P(NodeTest, F164_ARefusedOneWayMessageComesHomeAsUndeliveredAndNamesItsTarget) {
  SpawnOptions options;
  options.mailbox.messages_max = 1;
  const bank::Account::Ref alice = Lookup(Export("alice", options));
  const Ref<Helper> hanging = client_.system->Spawn<Helper>({}, &told_);
  hanging.Send(Do{[alice](Context&) -> Reply<void> {
    absl::StatusOr<bank::Balance> outcome = co_await alice.Hang(google::protobuf::Empty());
    co_return outcome.status();
  }});
  server_.Until([](const NodeCounters& counters) { return counters.asks_alive == 1; });
  InHandler([alice](Context&) -> Reply<void> {
    for (int i = 0; i < 3; ++i) alice.Audit(bank::AuditNote());
    co_return absl::OkStatus();
  });
  const Undelivered notice = told_.undelivered.Take();
  EXPECT_EQ(notice.target, alice);
  EXPECT_EQ(notice.message, "bank.Account.Audit");
  EXPECT_EQ(notice.reason, absl::StatusCode::kResourceExhausted);
}

TEST_P(NodeTest, OneWayMessageOverTheFrameLimitComesHomeAsUndelivered) {
  const bank::Account::Ref alice = Alice();
  SendResult sent = SendResult::kGone;
  InHandler([alice, &sent](Context&) -> Reply<void> {
    bank::AuditNote note;
    note.set_text(std::string(2 << 20, 'x'));
    sent = alice.Audit(note);
    co_return absl::OkStatus();
  });
  EXPECT_EQ(sent, SendResult::kAccepted);
  const Undelivered notice = told_.undelivered.Take();
  EXPECT_EQ(notice.target, alice);
  EXPECT_EQ(notice.reason, absl::StatusCode::kResourceExhausted);
}

class NoTextActor final : public bank::Other::Actor {
 public:
  Reply<bank::Balance> Deposit(Context&, const bank::DepositRequest&) override {
    return absl::NotFoundError("caf\xe9");
  }
};

TEST_P(NodeTest, TextsThatAreNoUtf8CostNoSession) {
  const bank::Other::Ref other =
      server_.system->Spawn<NoTextActor>({.placement = {.shard = GetParam() - 1}});
  ASSERT_EQ(server_.node->Export("other\xff", other), absl::OkStatus());
  absl::StatusOr<bank::Other::Ref> ref =
      client_.node->Lookup<bank::Other>(server_.Url("other\xff")).Wait();
  ASSERT_TRUE(ref.ok()) << ref.status();
  const absl::Status outcome = ref->Deposit(Cents(1)).Wait().status();
  EXPECT_EQ(outcome.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(outcome.message(), "caf\xe9");
  EXPECT_EQ(client_.node->Lookup<bank::Other>(server_.Url("none\xff")).Wait().status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(client_.node->Counters().sessions_begun, 1);
  EXPECT_EQ(client_.node->Counters().sessions_alive, 1);
}

TEST(NodeStartTest, F106_AddressOffLoopbackNeedsToBeAskedFor) {
  const std::unique_ptr<System> system = *System::Start({.shards = 1});
  const auto refused = Node::Start(*system, {.name = "a", .listen = "0.0.0.0:0"});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(refused.status().message().find("0.0.0.0:0"), std::string::npos);
  auto node =
      Node::Start(*system, {.name = "a", .listen = "0.0.0.0:0", .unsafe_allow_plaintext = true});
  EXPECT_TRUE(node.ok()) << node.status();
}

TEST(NodeStartTest, F106_ConnectingOffLoopbackNeedsToBeAskedFor) {
  Side side("a");
  const auto ref = side.node->Lookup<bank::Account>("troupe://192.0.2.1:1/alice").Wait();
  EXPECT_EQ(ref.status().code(), absl::StatusCode::kFailedPrecondition) << ref.status();
  EXPECT_NE(ref.status().message().find("192.0.2.1:1"), std::string::npos);
}

TEST(NodeStartTest, F46_NodeRefusesToReachItself) {
  Side side("a");
  const auto ref = side.node->Lookup<bank::Account>(side.Url("alice")).Wait();
  EXPECT_EQ(ref.status().code(), absl::StatusCode::kUnavailable) << ref.status();
}

TEST(NodeStartTest, F47_PortInUseStandsInTheText) {
  Side first("a");
  const std::unique_ptr<System> system = *System::Start({.shards = 1});
  const auto second = Node::Start(*system, {.name = "b", .listen = first.address()});
  EXPECT_FALSE(second.ok());
  EXPECT_NE(second.status().message().find(first.address()), std::string::npos);
  EXPECT_TRUE(Node::Start(*system, {.name = "b"}).ok()) << "the failed start left something";
}

TEST(NodeStartTest, OneNodeASystem) {
  Side side("a");
  EXPECT_EQ(Node::Start(*side.system, {.name = "b"}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(side.node->Export("x", side.system->Spawn<AccountActor>({}, 1)).ok());
}

TEST(NodeStartTest, NameIsNeeded) {
  const std::unique_ptr<System> system = *System::Start({.shards = 1});
  EXPECT_EQ(Node::Start(*system, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(NodeStartTest, SystemShutsDownWithItsNodeStillThere) {
  Side server("server");
  Side client("client");
  const bank::Account::Ref alice = server.system->Spawn<AccountActor>({}, 1);
  ASSERT_TRUE(server.node->Export("alice", alice).ok());
  const auto found = client.node->Lookup<bank::Account>(server.Url("alice")).Wait();
  ASSERT_TRUE(found.ok());
  server.system->Shutdown();
  EXPECT_EQ(server.system->Run(), 0);
  EXPECT_FALSE(found->Deposit(Cents(1)).Wait().ok());
}

TEST(NodeExportTest, NameIsTakenOnce) {
  Side side("a");
  const bank::Account::Ref account = side.system->Spawn<AccountActor>({}, 1);
  EXPECT_TRUE(side.node->Export("x", account).ok());
  EXPECT_EQ(side.node->Export("x", account).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(side.node->Export("", account).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(side.node->Export("y", bank::Account::Ref()).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(side.node->Unexport("x"));
  EXPECT_TRUE(side.node->Export("x", account).ok());
}

}  // namespace
}  // namespace troupe
