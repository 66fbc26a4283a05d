#include "troupe/sim/sim_stream.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/base/limits.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/socket.h"
#include "troupe/loop/timer_wheel.h"
#include "troupe/sim/test_simulation.h"

namespace troupe {
namespace {

const SocketAddress kServerAddress = {"10.0.0.2", 4500};

// Counts what it is told, and reads what comes.
class Probe final : public ByteStreamHandler {
 public:
  void OnConnected() override { ++connected; }
  void OnReadable() override {
    ++readable;
    if (!reads) return;
    std::vector<char> buffer(4096);
    const IoResult result = stream->Read(buffer);
    text.append(buffer.data(), result.bytes);
    ended = ended || result.end;
  }
  void OnWritable() override { ++writable; }
  void OnFailed() override { ++failed; }

  std::unique_ptr<ByteStream> stream;
  bool reads = true;
  bool ended = false;
  std::string text;
  int connected = 0;
  int readable = 0;
  int writable = 0;
  int failed = 0;
};

class Acceptor final : public ListenerHandler {
 public:
  void OnAccept(std::unique_ptr<PendingStream> stream) override {
    accepted.push_back(std::move(stream));
  }
  void OnListenerFailed(const absl::Status& status) override { ADD_FAILURE() << status; }

  std::vector<std::unique_ptr<PendingStream>> accepted;
};

size_t WriteText(ByteStream& stream, std::string_view text) {
  const std::span<const char> piece(text.data(), text.size());
  return stream.Write({&piece, 1}).bytes;
}

// Requires that there is room for it.
void WriteAll(ByteStream& stream, std::string_view text) {
  while (!text.empty()) text.remove_prefix(WriteText(stream, text));
}

// A node's poller, turned by the test.
struct Node {
  explicit Node(Platform& p) : platform(p), timers(p.clock().Now()) {}

  Platform& platform;
  std::unique_ptr<Poller> poller = *platform.MakePoller(Limits{});
  TimerWheel timers;
};

class SimStreamTest : public testing::TestWithParam<uint64_t> {
 protected:
  SimStreamTest() {
    auto listener =
        server_.platform.Listen(*server_.poller, server_.timers, kServerAddress, 16, &acceptor_);
    EXPECT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
  }

  template <typename Done>
  bool RunUntil(Done done) {
    const Instant give_up = simulation_.clock().Now() + absl::Minutes(1);
    while (!done() && simulation_.clock().Now() < give_up) {
      const Instant soon = simulation_.clock().Now() + absl::Milliseconds(1);
      client_.poller->Poll({}, soon);
      server_.poller->Poll({}, soon);
    }
    return done();
  }

  void Connect() {
    client_probe_.stream =
        client_.platform.Connect(*client_.poller, kServerAddress, {}, &client_probe_);
    EXPECT_EQ(client_probe_.connected, 0);
    ASSERT_TRUE(RunUntil([&] {
      return client_probe_.connected + client_probe_.failed > 0 && !acceptor_.accepted.empty();
    }));
    server_probe_.stream = server_.platform.Adopt(
        *server_.poller, std::move(acceptor_.accepted.back()), {}, &server_probe_);
    acceptor_.accepted.pop_back();
  }

  TestSimulation simulation_{{.seed = GetParam()}};
  Node client_{simulation_.AddNode("client")};
  Node server_{simulation_.AddNode("server")};
  Acceptor acceptor_;
  std::unique_ptr<Listener> listener_;
  Probe client_probe_, server_probe_;
};

TEST_P(SimStreamTest, BytesGoBothWays) {
  Connect();
  EXPECT_EQ(server_probe_.connected, 0);
  EXPECT_EQ(client_probe_.stream->peer_address(), kServerAddress);
  EXPECT_EQ(server_probe_.stream->peer_address(), client_probe_.stream->local_address());
  EXPECT_GT(WriteText(*client_probe_.stream, "p"), 0u);
  EXPECT_TRUE(RunUntil([&] { return server_probe_.text == "p"; }));
  EXPECT_GT(WriteText(*server_probe_.stream, "q"), 0u);
  EXPECT_TRUE(RunUntil([&] { return client_probe_.text == "q"; }));
}

TEST_P(SimStreamTest, BytesTakeTheNetworksTime) {
  Connect();
  const Instant sent = simulation_.clock().Now();
  WriteText(*client_probe_.stream, "x");
  ASSERT_TRUE(RunUntil([&] { return server_probe_.text == "x"; }));
  EXPECT_GE(simulation_.clock().Now() - sent, absl::Microseconds(50));
}

TEST_P(SimStreamTest, ALargeTextComesWholeAndInOrder) {
  Connect();
  std::string text;
  while (text.size() < 300'000) text += std::to_string(text.size()) + " ";
  std::string_view left = text;
  client_probe_.stream->Want(true, true);
  ASSERT_TRUE(RunUntil([&] {
    left.remove_prefix(WriteText(*client_probe_.stream, left));
    return left.empty();
  }));
  client_probe_.stream->ShutdownWrite();
  ASSERT_TRUE(RunUntil([&] { return server_probe_.ended; }));
  EXPECT_EQ(server_probe_.text, text);
}

TEST_P(SimStreamTest, AFullBufferBlocksUntilItIsRead) {
  Connect();
  server_probe_.reads = false;
  server_probe_.stream->Want(false, false);
  const std::string block(10'000, 'x');
  size_t written = 0;
  while (const size_t count = WriteText(*client_probe_.stream, block)) written += count;
  EXPECT_EQ(written, 64u << 10);
  client_probe_.stream->Want(true, true);
  EXPECT_FALSE(RunUntil([&] { return client_probe_.writable > 0; }));
  server_probe_.reads = true;
  server_probe_.stream->Want(true, false);
  EXPECT_TRUE(RunUntil([&] { return client_probe_.writable > 0; }));
}

TEST_P(SimStreamTest, AHalfClosedStreamStillReads) {
  Connect();
  client_probe_.stream->ShutdownWrite();
  ASSERT_TRUE(RunUntil([&] { return server_probe_.ended; }));
  WriteText(*server_probe_.stream, "z");
  EXPECT_TRUE(RunUntil([&] { return client_probe_.text == "z"; }));
  EXPECT_FALSE(client_probe_.ended);
}

TEST_P(SimStreamTest, NobodyListensIsUnavailableAndToldOnce) {
  listener_.reset();
  client_probe_.stream =
      client_.platform.Connect(*client_.poller, kServerAddress, {}, &client_probe_);
  ASSERT_TRUE(RunUntil([&] { return client_probe_.failed == 1; }));
  EXPECT_EQ(client_probe_.stream->status().code(), absl::StatusCode::kUnavailable);
  simulation_.RunFor(absl::Seconds(1));
  client_.poller->Poll({}, {});
  EXPECT_EQ(client_probe_.failed, 1);
}

TEST_P(SimStreamTest, WritingToAClosedStreamFails) {
  Connect();
  server_probe_.stream.reset();
  ASSERT_TRUE(RunUntil([&] { return client_probe_.ended; }));
  EXPECT_EQ(client_probe_.failed, 0);
  WriteText(*client_probe_.stream, "late");
  EXPECT_TRUE(RunUntil([&] { return client_probe_.failed == 1; }));
  EXPECT_EQ(client_probe_.stream->status().code(), absl::StatusCode::kUnavailable);
}

TEST_P(SimStreamTest, ClosingWithUnreadInputResets) {
  Connect();
  server_probe_.reads = false;
  WriteText(*client_probe_.stream, "unread");
  ASSERT_TRUE(RunUntil([&] { return server_probe_.readable > 0; }));
  server_probe_.stream.reset();
  EXPECT_TRUE(RunUntil([&] { return client_probe_.failed == 1; }));
  EXPECT_FALSE(client_probe_.ended && client_probe_.stream->status().ok());
}

TEST_P(SimStreamTest, APartitionHoldsBytesUntilItHeals) {
  Connect();
  simulation_.Partition("client", "server");
  WriteText(*client_probe_.stream, "1");
  WriteText(*client_probe_.stream, "2");
  simulation_.RunFor(absl::Seconds(5));
  server_.poller->Poll({}, {});
  EXPECT_EQ(server_probe_.text, "");
  simulation_.Heal("client", "server");
  WriteText(*client_probe_.stream, "3");
  EXPECT_TRUE(RunUntil([&] { return server_probe_.text == "123"; }));
}

TEST_P(SimStreamTest, APartitionThatLastsFailsBothEnds) {
  Connect();
  const Instant before = simulation_.clock().Now();
  simulation_.Partition("client", "server");
  ASSERT_TRUE(RunUntil([&] { return client_probe_.failed == 1 && server_probe_.failed == 1; }));
  EXPECT_EQ(client_probe_.stream->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_GE(simulation_.clock().Now() - before, absl::Seconds(10));
}

// --- Links that misbehave. ---

TEST_P(SimStreamTest, ACutGoesOneWayAndBothEndsFailInTheEnd) {
  Connect();
  simulation_.Cut("client", "server");
  WriteAll(*client_probe_.stream, "lost");
  WriteAll(*server_probe_.stream, "there");
  EXPECT_TRUE(RunUntil([&] { return client_probe_.text == "there"; }));
  ASSERT_TRUE(RunUntil([&] { return client_probe_.failed == 1 && server_probe_.failed == 1; }));
  EXPECT_EQ(server_probe_.text, "");
  for (const Probe* const probe : {&client_probe_, &server_probe_}) {
    EXPECT_EQ(probe->stream->status().code(), absl::StatusCode::kDeadlineExceeded);
  }
}

TEST_P(SimStreamTest, ACutThatIsHealedInTimeLosesNothing) {
  Connect();
  simulation_.Cut("client", "server");
  WriteAll(*client_probe_.stream, "late");
  simulation_.RunFor(absl::Seconds(5));
  simulation_.Heal("client", "server");
  EXPECT_TRUE(RunUntil([&] { return server_probe_.text == "late"; }));
  simulation_.RunFor(absl::Minutes(1));
  WriteAll(*server_probe_.stream, "thanks");
  EXPECT_TRUE(RunUntil([&] { return client_probe_.text == "thanks"; }));
}

TEST_P(SimStreamTest, AConnectionBreaksAtTheByteThatItIsToldTo) {
  for (const size_t bytes : {0u, 1u, 7u, 20u}) {
    SCOPED_TRACE(bytes);
    client_probe_ = Probe();
    server_probe_ = Probe();
    Connect();
    simulation_.ResetAfter("client", "server", bytes);
    const std::string all = "seven..seven..seven..seven..";
    WriteAll(*client_probe_.stream, all);
    ASSERT_TRUE(RunUntil([&] { return client_probe_.failed == 1 && server_probe_.failed == 1; }));
    EXPECT_EQ(server_probe_.text, all.substr(0, bytes));
    EXPECT_EQ(client_probe_.stream->status().code(), absl::StatusCode::kUnavailable);
  }
}

TEST_P(SimStreamTest, AResetEndsEachConnectionOfTheTwo) {
  Connect();
  simulation_.Reset("client", "server");
  ASSERT_TRUE(RunUntil([&] { return client_probe_.failed == 1 && server_probe_.failed == 1; }));
  EXPECT_EQ(server_probe_.stream->status().code(), absl::StatusCode::kUnavailable);
}

TEST_P(SimStreamTest, ALinkHasItsOwnDelayAndCarriesSoMuch) {
  Connect();
  simulation_.SetLink("client", "server",
                      {.delay = DelayRange{absl::Milliseconds(300), absl::Milliseconds(300)},
                       .bytes_per_second = 10'000});
  const Instant before = simulation_.clock().Now();
  size_t written = 0;
  const std::string text(5'000, 'x');
  while (written < text.size()) {
    written += WriteText(*client_probe_.stream, std::string_view(text).substr(written));
  }
  ASSERT_TRUE(RunUntil([&] { return server_probe_.text.size() == text.size(); }));
  const absl::Duration took = simulation_.clock().Now() - before;
  EXPECT_GE(took, absl::Milliseconds(800));
  EXPECT_LE(took, absl::Milliseconds(900));
}

TEST_P(SimStreamTest, AConnectMayBeRefusedOrLost) {
  const Instant before = simulation_.clock().Now();
  simulation_.SetLink("client", "server", {.refused_connects = 1});
  Probe refused;
  refused.stream = client_.platform.Connect(*client_.poller, kServerAddress, {}, &refused);
  ASSERT_TRUE(RunUntil([&] { return refused.failed == 1; }));
  EXPECT_EQ(refused.stream->status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(simulation_.clock().Now() - before, absl::Milliseconds(100));
  simulation_.SetLink("client", "server", {.lost_connects = 1});
  Probe lost;
  lost.stream =
      client_.platform.Connect(*client_.poller, kServerAddress, {.user_timeout_ms = 3000}, &lost);
  ASSERT_TRUE(RunUntil([&] { return lost.failed == 1; }));
  EXPECT_EQ(lost.stream->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_GT(simulation_.clock().Now() - before, absl::Seconds(3));
  simulation_.SetLink("client", "server", {});
  Connect();
}

TEST_P(SimStreamTest, AMachineThatIsOffSaysNothing) {
  Connect();
  simulation_.SwitchOff("server");
  WriteAll(*client_probe_.stream, "anybody?");
  simulation_.RunFor(absl::Seconds(5));
  client_.poller->Poll({}, {});
  EXPECT_EQ(client_probe_.failed, 0);
  Probe second;
  second.stream = client_.platform.Connect(*client_.poller, kServerAddress, {}, &second);
  ASSERT_TRUE(RunUntil([&] { return client_probe_.failed == 1 && second.failed == 1; }));
  EXPECT_EQ(client_probe_.stream->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(second.stream->status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_P(SimStreamTest, AMachineThatIsOnAgainKnowsNoOldConnection) {
  Connect();
  simulation_.SwitchOff("server");
  WriteAll(*client_probe_.stream, "anybody?");
  simulation_.RunFor(absl::Seconds(5));
  simulation_.Restart("server");
  ASSERT_TRUE(RunUntil([&] { return client_probe_.failed == 1; }));
  EXPECT_EQ(client_probe_.stream->status().code(), absl::StatusCode::kUnavailable);
  Probe second;
  second.stream = client_.platform.Connect(*client_.poller, kServerAddress, {}, &second);
  ASSERT_TRUE(RunUntil([&] { return second.failed == 1; })) << "nobody listens any more";
  EXPECT_EQ(second.stream->status().code(), absl::StatusCode::kUnavailable);
}

TEST_P(SimStreamTest, ACrashClosesItsConnectionsAndItsListeners) {
  Connect();
  simulation_.Crash("server");
  ASSERT_TRUE(RunUntil([&] { return client_probe_.ended; }));
  Probe second;
  second.stream = client_.platform.Connect(*client_.poller, kServerAddress, {}, &second);
  EXPECT_TRUE(RunUntil([&] { return second.failed == 1; }));
}

TEST_P(SimStreamTest, OnlyOneListensOnAnAddress) {
  const auto taken =
      server_.platform.Listen(*server_.poller, server_.timers, kServerAddress, 16, &acceptor_);
  EXPECT_EQ(taken.status().code(), absl::StatusCode::kFailedPrecondition);
  const SocketAddress everywhere = {"0.0.0.0", kServerAddress.port};
  const auto wildcard =
      server_.platform.Listen(*server_.poller, server_.timers, everywhere, 16, &acceptor_);
  EXPECT_EQ(wildcard.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(wildcard.status().message(),
            absl::StrCat("listen on ", everywhere.ToString(), ": Address already in use"));
  // Of another node these are other addresses, but for those that are named.
  EXPECT_TRUE(
      client_.platform.Listen(*client_.poller, client_.timers, everywhere, 16, &acceptor_).ok());
  EXPECT_FALSE(
      client_.platform.Listen(*client_.poller, client_.timers, kServerAddress, 16, &acceptor_)
          .ok());
  const auto any =
      server_.platform.Listen(*server_.poller, server_.timers, {"10.0.0.2", 0}, 16, &acceptor_);
  ASSERT_TRUE(any.ok()) << any.status();
  EXPECT_NE((*any)->local_address().port, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SimStreamTest, testing::ValuesIn(SimulationSeeds(5)));

}  // namespace
}  // namespace troupe
