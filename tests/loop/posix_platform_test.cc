#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/base/instant.h"
#include "troupe/base/limits.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/poller.h"
#include "troupe/loop/socket.h"
#include "troupe/loop/timer_wheel.h"
#include "troupe/tests/loop/descriptor_limit.h"

namespace troupe {
namespace {

// Sends each byte back.
class Echo final : public ListenerHandler, public ByteStreamHandler {
 public:
  Echo(Platform& platform, Poller& poller) : platform_(platform), poller_(poller) {}

  void OnAccept(std::unique_ptr<PendingStream> accepted) override {
    stream_ = platform_.Adopt(poller_, std::move(accepted), {}, this);
  }
  void OnListenerFailed(const absl::Status& status) override { ADD_FAILURE() << status; }
  void OnReadable() override {
    char buffer[64];
    const std::span<const char> piece(buffer, stream_->Read(buffer).bytes);
    stream_->Write({&piece, 1});
  }
  void OnWritable() override {}
  void OnFailed() override { ADD_FAILURE() << stream_->status(); }

 private:
  Platform& platform_;
  Poller& poller_;
  std::unique_ptr<ByteStream> stream_;
};

class Client final : public ByteStreamHandler {
 public:
  void OnConnected() override {
    const std::string_view text = "hello";
    const std::span<const char> piece(text.data(), text.size());
    EXPECT_EQ(stream->Write({&piece, 1}).bytes, text.size());
  }
  void OnReadable() override {
    char buffer[64];
    received.append(buffer, stream->Read(buffer).bytes);
  }
  void OnWritable() override {}
  void OnFailed() override { ADD_FAILURE() << stream->status(); }

  std::unique_ptr<ByteStream> stream;
  std::string received;
};

TEST(PosixPlatformTest, AConnectionWorksThroughTheSeamAlone) {
  auto platform = MakePosixPlatform();
  auto poller = *platform->MakePoller(Limits());
  TimerWheel timers(platform->clock().Now());
  Echo echo(*platform, *poller);
  auto listener = platform->Listen(*poller, timers, {"127.0.0.1", 0}, 16, &echo);
  ASSERT_TRUE(listener.ok()) << listener.status();
  Client client;
  client.stream = platform->Connect(*poller, (*listener)->local_address(), {}, &client);
  const Instant give_up = platform->clock().Now() + absl::Seconds(30);
  while (client.received != "hello" && platform->clock().Now() < give_up) {
    poller->Poll(platform->clock().Now(), give_up);
  }
  EXPECT_EQ(client.received, "hello");
}

TEST(PosixPlatformTest, SeedsDifferAndCoresAreCounted) {
  auto platform = MakePosixPlatform();
  EXPECT_NE(platform->RandomSeed(), platform->RandomSeed());
  EXPECT_GE(platform->usable_cores(), 1);
  EXPECT_FALSE(platform->simulated());
}

TEST(PosixPlatformTest, TheClockDoesNotGoBack) {
  auto platform = MakePosixPlatform();
  Instant last = platform->clock().Now();
  for (int i = 0; i < 1000; ++i) {
    const Instant now = platform->clock().Now();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(PosixPlatformTest, F72_APollerWithoutDescriptorsIsAnErrorThatNamesTheCall) {
  if (SanitizerNeedsDescriptors()) GTEST_SKIP();
  auto platform = MakePosixPlatform();
  for (const int spare : {0, 1}) {
    DescriptorLimit few(spare);
    const absl::Status status = platform->MakePoller(Limits()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_NE(status.message().find(spare == 0 ? "epoll_create1" : "eventfd"),
              absl::string_view::npos)
        << status;
  }
}

}  // namespace
}  // namespace troupe
