// What a user writes, from a workspace of their own: each part of the public surface once, built
// with no more than the README asks for.

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "actors/ref.h"
#include "bank.troupe.h"
#include "directory.troupe.h"
#include "files.troupe.h"
#include "troupe/actors/ref.h"
#include "troupe/troupe.h"

namespace {

constexpr int64_t kOpening = 100'00;

struct Heartbeat {};

struct Line {
  std::string text;
};

class Printer : public troupe::Actor {
 public:
  void On(troupe::Context&, Line line) { last_ = std::move(line.text); }

 private:
  std::string last_;
};

class AccountActor final : public bank::Account::Actor {
 public:
  AccountActor(int64_t cents, troupe::Ref<Printer> other) : cents_(cents), other_(other) {}
  ~AccountActor() override {
    if (fd_ >= 0) close(fd_);
  }

  troupe::Reply<void> OnStart(troupe::Context& cx) override {
    fd_ = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    cx.Every(this, absl::Seconds(30), Heartbeat{});
    cx.After(this, absl::Milliseconds(1), Heartbeat{});
    cx.Watch(this, fd_, troupe::kReadable);
    cx.Monitor(this, other_);
    cx.Subscribe(this, SIGHUP);
    return cx.Exec(this, {.argv = {"/bin/true"}}).status();
  }

  troupe::Reply<bank::Balance> Deposit(troupe::Context&,
                                       const bank::DepositRequest& request) override {
    if (request.cents() <= 0) return absl::InvalidArgumentError("cents must be positive");
    cents_ += request.cents();
    return MakeBalance();
  }

  troupe::Reply<void> Audit(troupe::Context&, const bank::AuditNote&) override {
    ++audits_;
    return absl::OkStatus();
  }

  troupe::Reply<bank::Balance> Get(troupe::Context& cx, const bank::GetRequest&) override {
    co_await cx.Sleep(absl::Milliseconds(1));
    co_return MakeBalance();
  }

  troupe::Reply<void> Watch(troupe::Context& cx, const bank::WatchRequest& request,
                            troupe::Sink<bank::Balance> out) override {
    for (int i = 0; i < request.balances() && !cx.cancelled(); ++i) {
      bank::Balance balance = MakeBalance();
      TROUPE_CO_RETURN_IF_ERROR(co_await out.Write(balance));
      co_await cx.Sleep(absl::Milliseconds(1));
    }
    co_return absl::OkStatus();
  }

  void On(troupe::Context&, const Heartbeat&) { ++events_; }
  void On(troupe::Context&, const troupe::FdReady&) {
    uint64_t count = 0;
    if (read(fd_, &count, sizeof(count)) == sizeof(count)) ++events_;
  }
  void On(troupe::Context&, const troupe::Down&) { ++events_; }
  void On(troupe::Context&, const troupe::SignalRaised&) { ++events_; }
  void On(troupe::Context&, const troupe::ChildOutput&) {}
  troupe::Reply<void> On(troupe::Context& cx, const troupe::ChildExited&) {
    co_await cx.Sleep(absl::Milliseconds(1));
    ++events_;
    co_return absl::OkStatus();
  }

 private:
  bank::Balance MakeBalance() const {
    bank::Balance balance;
    balance.set_cents(cents_);
    balance.set_audits(audits_);
    balance.set_events(events_);
    return balance;
  }

  int64_t cents_;
  troupe::Ref<Printer> other_;
  int fd_ = -1;
  int32_t audits_ = 0;
  int32_t events_ = 0;
};

class HasherWorker final : public files::Hasher::Worker {
 public:
  absl::StatusOr<files::Digest> Hash(troupe::WorkerContext& cx,
                                     const files::Chunk& chunk) override {
    if (cx.cancelled()) return absl::CancelledError("nobody waits");
    files::Digest digest;
    for (char c : chunk.data()) digest.set_value(digest.value() * 31 + static_cast<uint8_t>(c));
    return digest;
  }
};

// An account that asks another one, reads its stream and has a worker hash what it saw.
class MirrorActor final : public bank::Account::Actor {
 public:
  explicit MirrorActor(bank::Account::Ref source) : source_(source) {}

  troupe::Reply<void> OnStart(troupe::Context& cx) override {
    hashers_ = cx.SpawnWorkers<HasherWorker>({.name = "hashers", .threads = 2, .queue_max = 8});
    return absl::OkStatus();
  }

  troupe::Reply<bank::Balance> Deposit(troupe::Context&,
                                       const bank::DepositRequest& request) override {
    co_return co_await source_.Deposit(request).Within(absl::Seconds(2));
  }

  troupe::Reply<void> Audit(troupe::Context&, const bank::AuditNote& note) override {
    source_.Audit(note);
    return absl::OkStatus();
  }

  // The sum of the stream's balances, in cents; the digest of a chunk, in audits.
  troupe::Reply<bank::Balance> Get(troupe::Context& cx, const bank::GetRequest&) override {
    bank::WatchRequest request;
    request.set_balances(3);
    bank::Balance total;
    troupe::Stream<bank::Balance> balances = source_.Watch(request).Start();
    while (true) {
      absl::StatusOr<std::optional<bank::Balance>> next = co_await balances.Next();
      if (!next.ok()) co_return next.status();
      if (!next->has_value()) break;
      total.set_cents(total.cents() + (*next)->cents());
    }
    files::Chunk chunk;
    chunk.set_data("ab");
    absl::StatusOr<files::Digest> digest = co_await hashers_.Hash(chunk);
    if (!digest.ok()) co_return digest.status();
    total.set_audits(static_cast<int32_t>(digest->value()));
    std::string path = "/dev/null";
    absl::StatusOr<int> accessible = co_await cx.Offload(&CanRead, path);
    if (!accessible.ok()) co_return accessible.status();
    co_return total;
  }

  troupe::Reply<void> Watch(troupe::Context&, const bank::WatchRequest&,
                            troupe::Sink<bank::Balance>) override {
    return absl::UnimplementedError("a mirror has no stream");
  }

 private:
  static int CanRead(std::string path) { return access(path.c_str(), R_OK); }

  bank::Account::Ref source_;
  files::Hasher::Ref hashers_;
};

// Gives out handles of accounts that are not exported.
class DirectoryActor final : public bank::Directory::Actor {
 public:
  troupe::Reply<bank::Found> Find(troupe::Context& cx, const bank::Name& name) override {
    std::optional<bank::Account::Ref> account = cx.Find<bank::Account>(name.name());
    if (!account.has_value()) return absl::NotFoundError("no such account");
    bank::Found found;
    *found.mutable_account() = troupe::ToProto(*account);
    return found;
  }
};

bank::DepositRequest Cents(int64_t cents) {
  bank::DepositRequest request;
  request.set_cents(cents);
  return request;
}

class BankTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<troupe::System>> started = troupe::System::Start({.shards = 2});
    ASSERT_TRUE(started.ok()) << started.status();
    system_ = *std::move(started);
    printer_ = system_->Spawn<Printer>({.name = "printer"});
    account_ = system_->Spawn<AccountActor>({.name = "alice"}, kOpening, printer_);
  }

  std::unique_ptr<troupe::System> system_;
  troupe::Ref<Printer> printer_;
  bank::Account::Ref account_;
};

TEST_F(BankTest, AnAskFromAForeignThreadWaits) {
  absl::StatusOr<bank::Balance> balance = account_.Deposit(Cents(50)).Wait();
  ASSERT_TRUE(balance.ok()) << balance.status();
  EXPECT_EQ(balance->cents(), kOpening + 50);
}

TEST_F(BankTest, AFailedHandlerAnswersItsStatus) {
  absl::StatusOr<bank::Balance> balance = account_.Deposit(Cents(0)).Wait();
  EXPECT_EQ(balance.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(BankTest, AOneWaySendComesBeforeALaterAsk) {
  bank::AuditNote note;
  troupe::SendResult sent = account_.Audit(note);
  static_cast<void>(sent);
  absl::StatusOr<bank::Balance> balance = account_.Get(bank::GetRequest()).Wait();
  ASSERT_TRUE(balance.ok()) << balance.status();
  EXPECT_EQ(balance->audits(), 1);
}

TEST_F(BankTest, EventsOfTheSystemAreMessages) {
  printer_.Send(Line{"hello"});
  int32_t events = 0;
  // A timer, the eventfd and the child's end; the test's timeout is the limit.
  while (events < 3) {
    absl::StatusOr<bank::Balance> balance = account_.Get(bank::GetRequest()).Wait();
    ASSERT_TRUE(balance.ok()) << balance.status();
    events = balance->events();
  }
}

TEST_F(BankTest, ActorsAskReadStreamsAndUseWorkers) {
  bank::Account::Ref mirror = system_->Spawn<MirrorActor>({.name = "mirror"}, account_);
  absl::StatusOr<bank::Balance> total = mirror.Get(bank::GetRequest()).Wait();
  ASSERT_TRUE(total.ok()) << total.status();
  EXPECT_EQ(total->cents(), 3 * kOpening);
  EXPECT_EQ(total->audits(), 'a' * 31 + 'b');
}

TEST_F(BankTest, ARemoteHandleIsUsedAsALocalOne) {
  auto bank = troupe::Node::Start(*system_, {.name = "bank-1", .listen = "127.0.0.1:0"});
  ASSERT_TRUE(bank.ok()) << bank.status();
  ASSERT_TRUE((*bank)->Export("alice", account_).ok());

  auto other = troupe::System::Start({.shards = 1});
  ASSERT_TRUE(other.ok()) << other.status();
  auto client = troupe::Node::Start(**other, {.name = "client-1"});
  ASSERT_TRUE(client.ok()) << client.status();
  absl::StatusOr<bank::Account::Ref> alice =
      (*client)
          ->Lookup<bank::Account>("troupe://" + (*bank)->address().ToString() + "/alice")
          .Wait();
  ASSERT_TRUE(alice.ok()) << alice.status();
  absl::StatusOr<bank::Balance> balance = alice->Deposit(Cents(1)).Wait();
  ASSERT_TRUE(balance.ok()) << balance.status();
  EXPECT_EQ(balance->cents(), kOpening + 1);
}

TEST_F(BankTest, AHandleInAReplyReachesAnActorOfTheOtherNode) {
  bank::Directory::Ref directory = system_->Spawn<DirectoryActor>({});
  auto bank = troupe::Node::Start(*system_, {.name = "bank-1", .listen = "127.0.0.1:0"});
  ASSERT_TRUE(bank.ok()) << bank.status();
  ASSERT_TRUE((*bank)->Export("directory", directory).ok());

  auto other = troupe::System::Start({.shards = 1});
  ASSERT_TRUE(other.ok()) << other.status();
  auto client = troupe::Node::Start(**other, {.name = "client-1"});
  ASSERT_TRUE(client.ok()) << client.status();
  absl::StatusOr<bank::Directory::Ref> remote =
      (*client)
          ->Lookup<bank::Directory>("troupe://" + (*bank)->address().ToString() + "/directory")
          .Wait();
  ASSERT_TRUE(remote.ok()) << remote.status();
  bank::Name name;
  name.set_name("alice");
  absl::StatusOr<bank::Found> found = remote->Find(name).Wait();
  ASSERT_TRUE(found.ok()) << found.status();
  auto alice = troupe::FromProto<bank::Account::Ref>(**other, found->account());
  absl::StatusOr<bank::Balance> balance = alice.Deposit(Cents(7)).Wait();
  ASSERT_TRUE(balance.ok()) << balance.status();
  EXPECT_EQ(balance->cents(), kOpening + 7);
}

TEST(DownstreamTest, AFolderOfTheSameNameIsOnesOwn) {
  downstream::Ref mine;
  mine.cents = 3;
  EXPECT_EQ(mine.cents, 3);
}

}  // namespace
