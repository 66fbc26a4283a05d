#include "troupe/loop/posix_stream.h"

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/posix_listener.h"
#include "troupe/loop/socket.h"
#include "troupe/tests/loop/descriptor_limit.h"
#include "troupe/tests/loop/test_loop.h"

namespace troupe {
namespace {

// Keeps what it is told; reads nothing by itself.
class Probe : public ByteStreamHandler {
 public:
  void OnConnected() override { ++connected; }
  void OnReadable() override {
    ++readable;
    if (on_readable) on_readable();
  }
  void OnWritable() override { ++writable; }
  void OnFailed() override {
    ++failed;
    if (on_failed) on_failed();
  }

  int connected = 0;
  int readable = 0;
  int writable = 0;
  int failed = 0;
  std::function<void()> on_readable;
  std::function<void()> on_failed;
};

class Acceptor final : public ListenerHandler {
 public:
  void OnAccept(std::unique_ptr<PendingStream> stream) override {
    accepted.push_back(std::move(stream));
  }
  void OnListenerFailed(const absl::Status& status) override { ADD_FAILURE() << status; }

  std::vector<std::unique_ptr<PendingStream>> accepted;
};

IoResult WriteText(ByteStream& stream, std::string_view text) {
  const std::span<const char> piece(text.data(), text.size());
  return stream.Write({&piece, 1});
}

std::string ReadAll(ByteStream& stream, size_t bytes_a_read = 4096) {
  std::string text;
  std::vector<char> buffer(bytes_a_read);
  for (;;) {
    const IoResult result = stream.Read(buffer);
    if (result.bytes == 0) return text;
    text.append(buffer.data(), result.bytes);
  }
}

class PosixStreamTest : public testing::Test {
 protected:
  PosixStreamTest()
      : listener_(*PosixListener::Make(loop_.poller(), loop_.timers(), loop_.clock(),
                                       {"127.0.0.1", 0}, 16, &acceptor_)) {}

  void Connect() {
    client_ = PosixStream::Connect(loop_.poller(), listener_->local_address(), {}, &client_probe_);
    ASSERT_TRUE(loop_.RunUntil(
        [&] { return client_probe_.connected == 1 && acceptor_.accepted.size() == 1; }));
  }
  void Adopt() {
    auto& pending = static_cast<PosixPendingStream&>(*acceptor_.accepted.at(0));
    server_ = PosixStream::Adopt(loop_.poller(), pending.TakeFd(), pending.peer_address(), {},
                                 &server_probe_);
  }
  void ConnectBoth() {
    Connect();
    Adopt();
  }
  // The server's end sends RST.
  void Reset() {
    auto& pending = static_cast<PosixPendingStream&>(*acceptor_.accepted.at(0));
    Fd fd = pending.TakeFd();
    const linger now = {.l_onoff = 1, .l_linger = 0};
    ASSERT_EQ(setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
  }

  TestLoop loop_;
  Acceptor acceptor_;
  std::unique_ptr<PosixListener> listener_;
  Probe client_probe_, server_probe_;
  std::unique_ptr<ByteStream> client_, server_;
};

TEST_F(PosixStreamTest, BytesGoBothWays) {
  ConnectBoth();
  EXPECT_EQ(WriteText(*client_, "ping").bytes, 4u);
  ASSERT_TRUE(loop_.RunUntil([&] { return server_probe_.readable > 0; }));
  EXPECT_EQ(ReadAll(*server_), "ping");
  EXPECT_EQ(WriteText(*server_, "pong").bytes, 4u);
  ASSERT_TRUE(loop_.RunUntil([&] { return client_probe_.readable > 0; }));
  EXPECT_EQ(ReadAll(*client_), "pong");
  EXPECT_EQ(server_->peer_address(), client_->local_address());
  EXPECT_EQ(client_->peer_address(), server_->local_address());
  EXPECT_EQ(server_probe_.connected, 0);
}

TEST_F(PosixStreamTest, ConnectIsNeverToldFromInside) {
  client_ = PosixStream::Connect(loop_.poller(), listener_->local_address(), {}, &client_probe_);
  EXPECT_EQ(client_probe_.connected, 0);
  EXPECT_TRUE(WriteText(*client_, "early").would_block);
  char byte;
  EXPECT_TRUE(client_->Read({&byte, 1}).would_block);
  ASSERT_TRUE(loop_.RunUntil([&] { return client_probe_.connected == 1; }));
}

TEST_F(PosixStreamTest, RefusedIsUnavailableAndToldOnce) {
  const SocketAddress address = listener_->local_address();
  listener_.reset();
  client_ = PosixStream::Connect(loop_.poller(), address, {}, &client_probe_);
  EXPECT_EQ(client_probe_.failed, 0);
  ASSERT_TRUE(loop_.RunUntil([&] { return client_probe_.failed == 1; }));
  EXPECT_EQ(client_->status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(client_->status().message().find(address.ToString()), absl::string_view::npos)
      << client_->status();
  loop_.RunUntilIdle();
  EXPECT_EQ(client_probe_.failed, 1);
  EXPECT_TRUE(WriteText(*client_, "late").end);
}

TEST_F(PosixStreamTest, AFailureFoundAtOnceIsToldLater) {
  client_ = PosixStream::Connect(loop_.poller(), {"not numeric", 1}, {}, &client_probe_);
  EXPECT_EQ(client_probe_.failed, 0);
  EXPECT_FALSE(client_->status().ok());
  ASSERT_TRUE(loop_.RunUntil([&] { return client_probe_.failed == 1; }));
}

TEST_F(PosixStreamTest, F72_ConnectWithoutDescriptorsFailsAndIsTold) {
  if (SanitizerNeedsDescriptors()) GTEST_SKIP();
  {
    DescriptorLimit none;
    client_ = PosixStream::Connect(loop_.poller(), listener_->local_address(), {}, &client_probe_);
  }
  ASSERT_TRUE(loop_.RunUntil([&] { return client_probe_.failed == 1; }));
  EXPECT_EQ(client_->status().code(), absl::StatusCode::kResourceExhausted) << client_->status();
}

TEST_F(PosixStreamTest, ADestroyedStreamIsToldNothing) {
  client_ = PosixStream::Connect(loop_.poller(), {"not numeric", 1}, {}, &client_probe_);
  client_.reset();
  loop_.RunUntilIdle();
  EXPECT_EQ(client_probe_.failed, 0);
}

TEST_F(PosixStreamTest, TheHandlerMayDestroyTheStreamInEachCall) {
  ConnectBoth();
  server_probe_.on_readable = [&] { server_.reset(); };
  server_->Want(true, true);
  WriteText(*client_, "x");
  ASSERT_TRUE(loop_.RunUntil([&] { return server_ == nullptr; }));
  client_probe_.on_readable = [&] { ReadAll(*client_); };
  client_probe_.on_failed = [&] { client_.reset(); };
  ASSERT_TRUE(loop_.RunUntil([&] { return client_ == nullptr; }));
}

TEST_F(PosixStreamTest, F88_BytesThatCameBeforeRegistrationAreTold) {
  Connect();
  EXPECT_EQ(WriteText(*client_, "early").bytes, 5u);
  Adopt();
  ASSERT_TRUE(loop_.RunUntil([&] { return server_probe_.readable > 0; }));
  EXPECT_EQ(ReadAll(*server_), "early");
}

TEST_F(PosixStreamTest, F41_OneByteAtATime) {
  ConnectBoth();
  const std::string text = "every byte counts";
  std::string received;
  server_probe_.on_readable = [&] {
    char byte;
    if (server_->Read({&byte, 1}).bytes == 1) received.push_back(byte);
  };
  for (const char byte : text) EXPECT_EQ(WriteText(*client_, {&byte, 1}).bytes, 1u);
  ASSERT_TRUE(loop_.RunUntil([&] { return received.size() == text.size(); }));
  EXPECT_EQ(received, text);
  char byte;
  EXPECT_TRUE(server_->Read({&byte, 1}).would_block);
}

TEST_F(PosixStreamTest, PiecesAreGatheredInOrder) {
  ConnectBoth();
  std::vector<std::string> texts;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    texts.push_back(std::to_string(i) + (i % 7 == 0 ? "" : ","));
  }
  std::vector<std::span<const char>> pieces;
  for (const std::string& text : texts) {
    pieces.emplace_back(text);
    expected += text;
  }
  size_t sent = 0;
  // Cut where the last call stopped, as a session does.
  while (!pieces.empty()) {
    size_t bytes = client_->Write(pieces).bytes;
    ASSERT_GT(bytes, 0u);
    sent += bytes;
    while (!pieces.empty() && bytes >= pieces.front().size()) {
      bytes -= pieces.front().size();
      pieces.erase(pieces.begin());
    }
    if (!pieces.empty()) pieces.front() = pieces.front().subspan(bytes);
  }
  EXPECT_EQ(sent, expected.size());
  std::string received;
  server_probe_.on_readable = [&] { received += ReadAll(*server_); };
  ASSERT_TRUE(loop_.RunUntil([&] { return received.size() >= expected.size(); }));
  EXPECT_EQ(received, expected);
}

TEST_F(PosixStreamTest, AFullBufferBlocksUntilWritable) {
  ConnectBoth();
  const std::string block(1 << 20, 'x');
  size_t sent = 0;
  for (;;) {
    const IoResult result = WriteText(*client_, block);
    if (result.would_block) break;
    sent += result.bytes;
  }
  client_->Want(true, true);
  server_->Want(false, false);
  loop_.RunUntilIdle();
  EXPECT_EQ(client_probe_.writable, 0);
  size_t received = 0;
  server_probe_.on_readable = [&] { received += ReadAll(*server_, 1 << 16).size(); };
  server_->Want(true, false);
  ASSERT_TRUE(loop_.RunUntil([&] { return client_probe_.writable > 0; }));
  client_->Want(true, false);
  ASSERT_TRUE(loop_.RunUntil([&] { return received == sent; }));
}

TEST_F(PosixStreamTest, HalfClosedStillReads) {
  ConnectBoth();
  WriteText(*client_, "last words");
  client_->ShutdownWrite();
  std::string received;
  bool ended = false;
  server_probe_.on_readable = [&] {
    char buffer[4];
    const IoResult result = server_->Read(buffer);
    received.append(buffer, result.bytes);
    ended = result.end;
  };
  ASSERT_TRUE(loop_.RunUntil([&] { return ended; }));
  EXPECT_EQ(received, "last words");
  EXPECT_TRUE(server_->status().ok());
  loop_.RunUntilIdle();  // An end that was read is not told again.

  EXPECT_EQ(WriteText(*server_, "answer").bytes, 6u);
  ASSERT_TRUE(loop_.RunUntil([&] { return client_probe_.readable > 0; }));
  EXPECT_EQ(ReadAll(*client_), "answer");
}

TEST_F(PosixStreamTest, F38_ResetIsOneFailureAfterWhatCameBefore) {
  Connect();
  Reset();
  std::string received;
  client_probe_.on_readable = [&] { received += ReadAll(*client_); };
  ASSERT_TRUE(loop_.RunUntil([&] { return client_probe_.failed > 0; }));
  EXPECT_EQ(client_->status().code(), absl::StatusCode::kUnavailable) << client_->status();
  loop_.RunUntilIdle();
  EXPECT_EQ(client_probe_.failed, 1);
  char byte;
  const IoResult result = client_->Read({&byte, 1});
  EXPECT_TRUE(result.end && result.bytes == 0 && !result.would_block);
}

TEST_F(PosixStreamTest, F86_ResetIsToldToAStreamThatWantsNothing) {
  Connect();
  client_->Want(false, false);
  Reset();
  ASSERT_TRUE(loop_.RunUntil([&] { return client_probe_.failed == 1; }));
  EXPECT_EQ(client_probe_.readable, 0);
  loop_.RunUntilIdle();
  EXPECT_EQ(client_probe_.failed, 1);
}

TEST_F(PosixStreamTest, F87_NoWritableAfterTheFailureThatReadingFound) {
  Connect();
  client_probe_.on_readable = [&] { ReadAll(*client_); };
  client_->Want(true, true);
  Reset();
  client_probe_.writable = 0;
  ASSERT_TRUE(loop_.RunUntil([&] { return client_probe_.failed == 1; }));
  const int writable = client_probe_.writable;
  loop_.RunUntilIdle();
  EXPECT_EQ(client_probe_.writable, writable);
}

TEST_F(PosixStreamTest, F100_WritingToAClosedSocketIsUnavailableAndNoSignal) {
  Connect();
  Reset();
  client_->Want(false, false);
  // The first write may still be taken; the reset is known at the latest after it.
  while (client_->status().ok()) {
    WriteText(*client_, "x");
    loop_.RunUntilIdle();
  }
  EXPECT_EQ(client_->status().code(), absl::StatusCode::kUnavailable) << client_->status();
  EXPECT_TRUE(WriteText(*client_, "x").end);
}

TEST_F(PosixStreamTest, F100_WritingAfterShutdownIsUnavailable) {
  ConnectBoth();
  client_->ShutdownWrite();
  EXPECT_TRUE(WriteText(*client_, "x").end);
  EXPECT_EQ(client_->status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(client_probe_.failed, 0);
  ASSERT_TRUE(loop_.RunUntil([&] { return client_probe_.failed == 1; }));
}

TEST(SocketAddressTest, GoodAddressesComeBackAsText) {
  for (const char* text : {"127.0.0.1:4500", "0.0.0.0:0", "[::1]:65535", "[::]:1"}) {
    const absl::StatusOr<SocketAddress> address = SocketAddress::Parse(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
  EXPECT_EQ(SocketAddress::Parse("[0:0::0:1]:1")->host, "::1");
}

TEST(SocketAddressTest, BadAddressesAreNamedWithWhatIsWrong) {
  for (const char* text :
       {"", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4: 1", "1.2.3:1",
        "host:1", "::1:1", "[::1]", "[::1:1", "[]:1", "[1.2.3.4]:1", "1.2.3.4:000001"}) {
    const absl::Status status = SocketAddress::Parse(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(status.message().find(text), absl::string_view::npos) << status;
  }
}

TEST(SocketAddressTest, LoopbackIsAllOf127AndTheV6One) {
  EXPECT_TRUE(SocketAddress::Parse("127.9.9.9:1")->is_loopback());
  EXPECT_TRUE(SocketAddress::Parse("[::1]:1")->is_loopback());
  EXPECT_TRUE(SocketAddress::Parse("[::ffff:127.0.0.1]:1")->is_loopback());
  EXPECT_FALSE(SocketAddress::Parse("128.0.0.1:1")->is_loopback());
  EXPECT_FALSE(SocketAddress::Parse("0.0.0.0:1")->is_loopback());
  EXPECT_FALSE(SocketAddress::Parse("[::]:1")->is_loopback());
}

}  // namespace
}  // namespace troupe
