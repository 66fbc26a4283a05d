#include "troupe/loop/posix_listener.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/posix_stream.h"
#include "troupe/loop/socket.h"
#include "troupe/tests/loop/descriptor_limit.h"
#include "troupe/tests/loop/test_loop.h"

namespace troupe {
namespace {

class Acceptor final : public ListenerHandler {
 public:
  void OnAccept(std::unique_ptr<PendingStream> stream) override {
    accepted.push_back(std::move(stream));
    if (destroy != nullptr) destroy->reset();
  }
  void OnListenerFailed(const absl::Status& status) override { ADD_FAILURE() << status; }

  std::vector<std::unique_ptr<PendingStream>> accepted;
  std::unique_ptr<PosixListener>* destroy = nullptr;
};

class Quiet final : public ByteStreamHandler {
 public:
  void OnReadable() override {}
  void OnWritable() override {}
  void OnFailed() override {}
};

class PosixListenerTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<PosixListener>> Listen(const SocketAddress& address,
                                                        int accepts_per_turn_max = 16) {
    return PosixListener::Make(loop_.poller(), loop_.timers(), loop_.clock(), address,
                               accepts_per_turn_max, &acceptor_);
  }
  void Connect(const SocketAddress& address) {
    clients_.push_back(PosixStream::Connect(loop_.poller(), address, {}, &quiet_));
  }

  TestLoop loop_;
  Acceptor acceptor_;
  Quiet quiet_;
  std::vector<std::unique_ptr<PosixStream>> clients_;
};

TEST_F(PosixListenerTest, PortZeroBecomesTheKernelsChoice) {
  auto listener = Listen({"127.0.0.1", 0});
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_GT((*listener)->local_address().port, 0);
}

TEST_F(PosixListenerTest, F47_APortInUseIsNamed) {
  auto first = Listen({"127.0.0.1", 0});
  ASSERT_TRUE(first.ok());
  const SocketAddress address = (*first)->local_address();
  const absl::Status status = Listen(address).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find(address.ToString()), absl::string_view::npos) << status;
  EXPECT_EQ(loop_.poller().watch_count(), 1u);
}

TEST_F(PosixListenerTest, F47_AnAddressOfNoInterfaceIsNamed) {
  const absl::Status status = Listen({"192.0.2.1", 4500}).status();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("192.0.2.1:4500"), absl::string_view::npos) << status;
}

TEST_F(PosixListenerTest, F47_Ipv6WorksAndTakesIpv4Too) {
  auto listener = Listen({"::", 0});
  if (!listener.ok()) GTEST_SKIP() << "no IPv6 here: " << listener.status();
  const uint16_t port = (*listener)->local_address().port;
  Connect({"::1", port});
  Connect({"127.0.0.1", port});
  ASSERT_TRUE(loop_.RunUntil([&] { return acceptor_.accepted.size() == 2; }));
  EXPECT_EQ(acceptor_.accepted[0]->peer_address().host, "::1");
  EXPECT_EQ(acceptor_.accepted[1]->peer_address().host, "127.0.0.1");
}

TEST_F(PosixListenerTest, AcceptsAreBoundedInEachTurn) {
  auto listener = Listen({"127.0.0.1", 0}, 2);
  for (int i = 0; i < 5; ++i) Connect((*listener)->local_address());
  size_t before = 0;
  ASSERT_TRUE(loop_.RunUntil([&] {
    EXPECT_LE(acceptor_.accepted.size(), before + 2);
    before = acceptor_.accepted.size();
    return before == 5;
  }));
}

TEST_F(PosixListenerTest, TheHandlerMayDestroyTheListener) {
  auto listener = Listen({"127.0.0.1", 0});
  std::unique_ptr<PosixListener> owned = *std::move(listener);
  Connect(owned->local_address());
  Connect(owned->local_address());
  acceptor_.destroy = &owned;
  ASSERT_TRUE(loop_.RunUntil([&] { return owned == nullptr; }));
  EXPECT_EQ(acceptor_.accepted.size(), 1u);
}

TEST_F(PosixListenerTest, F71_OutOfDescriptorsPausesAndGoesOn) {
  if (SanitizerNeedsDescriptors()) GTEST_SKIP();
  auto listener = Listen({"127.0.0.1", 0});
  Connect((*listener)->local_address());
  {
    DescriptorLimit none;
    const Instant end = loop_.clock().Now() + absl::Milliseconds(500);
    const int turns_before = loop_.turn_count();
    ASSERT_TRUE(loop_.RunUntil([&] { return loop_.clock().Now() >= end; }));
    // Pauses of 10, 20, 40, ... ms, and a turn or two for each.
    EXPECT_LT(loop_.turn_count() - turns_before, 30);
    EXPECT_TRUE(acceptor_.accepted.empty());
  }
  ASSERT_TRUE(loop_.RunUntil([&] { return acceptor_.accepted.size() == 1; }));
}

TEST_F(PosixListenerTest, DestroyedWhilePausedLeavesNoTimer) {
  if (SanitizerNeedsDescriptors()) GTEST_SKIP();
  auto listener = Listen({"127.0.0.1", 0});
  Connect((*listener)->local_address());
  DescriptorLimit none;
  ASSERT_TRUE(loop_.RunUntil([&] { return loop_.timers().armed_count() == 1; }));
  (*listener).reset();
  EXPECT_EQ(loop_.timers().armed_count(), 0u);
}

}  // namespace
}  // namespace troupe
