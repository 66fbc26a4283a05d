#include "troupe/sim/sim_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/system.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/poller.h"
#include "troupe/sim/simulation_options.h"
#include "troupe/sim/test_simulation.h"

namespace troupe {
namespace {

struct Close {};
struct StartReading {};

// A program that reads what comes, once it is told to, and writes `answer` as fast as it is read.
class Program final : public Actor {
 public:
  struct Seen {
    std::string bytes;
    size_t pieces = 0;
    size_t written_bytes = 0;
    bool ended = false;
  };

  Program(int fd, std::string answer, Seen* seen)
      : fd_(fd), answer_(std::move(answer)), seen_(*seen) {}

  Reply<void> OnStart(Context& cx) override {
    if (!answer_.empty()) cx.Watch(this, fd_.get(), kWritable);
    return absl::OkStatus();
  }
  void On(Context& cx, const StartReading&) { cx.Watch(this, fd_.get(), kReadable); }
  void On(Context&, const Close&) { fd_.Reset(); }
  void On(Context& cx, const FdReady& ready) {
    ASSERT_TRUE(ready.status.ok()) << ready.status;
    if (ready.events & kWritable) return Write(cx, ready);
    char buffer[16 << 10];
    const ssize_t count = read(ready.fd, buffer, sizeof(buffer));
    if (count > 0) {
      ++seen_.pieces;
      seen_.bytes.append(buffer, static_cast<size_t>(count));
      return;
    }
    seen_.ended = true;
    cx.Unwatch(ready.watch);
  }

 private:
  void Write(Context& cx, const FdReady& ready) {
    const ssize_t count = send(ready.fd, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    if (count > 0) {
      seen_.written_bytes += static_cast<size_t>(count);
      answer_.erase(0, static_cast<size_t>(count));
    }
    if (answer_.empty()) cx.Unwatch(ready.watch);
  }

  Fd fd_;
  std::string answer_;
  Seen& seen_;
};

// Every byte differs from its neighbours.
std::string Text(size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>('a' + i * 7 % 26);
  return text;
}

class SimSocketTest : public testing::TestWithParam<uint64_t> {
 protected:
  SimSocketTest()
      : simulation_({.seed = GetParam()}),
        system_(*System::Start({.shards = 1, .platform = &simulation_.AddNode("a")})) {}

  Ref<Program> Spawn(SimSocket& world, std::string answer) {
    return system_->Spawn<Program>({}, world.program_end(), std::move(answer), &seen_);
  }

  Program::Seen seen_;
  TestSimulation simulation_;
  std::unique_ptr<System> system_;
};

TEST_P(SimSocketTest, BytesArriveInOrderInPiecesAndEachAfterItsDelay) {
  const absl::Duration delay = absl::Microseconds(500);
  const auto world = simulation_.MakeSocket({.delay = DelayRange{delay, 2 * delay}});
  const Ref<Program> program = Spawn(*world, "");
  program.Send(StartReading{});
  simulation_.RunFor(absl::Milliseconds(1));
  const std::string text = Text(2000);
  // What was written that long ago, at most, has arrived.
  std::deque<size_t> written;
  for (size_t i = 0; i < text.size(); i += 100) {
    ASSERT_EQ(world->Write(text.substr(i, 100)), 100u);
    written.push_back(i);
    simulation_.RunFor(absl::Microseconds(100));
    if (written.size() > 4) written.pop_front();
    EXPECT_LE(seen_.bytes.size(), written.front());
  }
  EXPECT_TRUE(simulation_.RunUntil([&] { return seen_.bytes.size() == text.size(); }, 3 * delay));
  EXPECT_EQ(seen_.bytes, text);
  EXPECT_GT(seen_.pieces, 1u);
}

TEST_P(SimSocketTest, AProgramThatDoesNotReadFillsABoundedBuffer) {
  constexpr size_t kBuffer = 32 << 10;
  const auto world = simulation_.MakeSocket({.buffer_bytes = kBuffer});
  const Ref<Program> program = Spawn(*world, "");
  const std::string text = Text(512 << 10);
  size_t taken = world->Write(text);
  EXPECT_EQ(taken, kBuffer);
  EXPECT_EQ(world->Write("x"), 0u);
  const auto write_more = [&] {
    taken += world->Write(std::string_view(text).substr(taken));
    return taken == text.size();
  };
  EXPECT_FALSE(simulation_.RunUntil(write_more, absl::Seconds(1)));
  // What is on its way and what the kernel keeps.
  EXPECT_GT(taken, kBuffer);
  EXPECT_LT(taken, 8 * kBuffer);
  program.Send(StartReading{});
  EXPECT_TRUE(simulation_.RunUntil(write_more));
  world->Close();
  EXPECT_TRUE(simulation_.RunUntil([&] { return seen_.ended; }));
  EXPECT_EQ(seen_.bytes, text);
}

TEST_P(SimSocketTest, AProgramWritesNoFurtherThanTheTestReads) {
  const auto world = simulation_.MakeSocket();
  const std::string text = Text(512 << 10);
  Spawn(*world, text);
  simulation_.RunFor(absl::Seconds(1));
  EXPECT_GT(seen_.written_bytes, 0u);
  EXPECT_LT(seen_.written_bytes, text.size() / 2);
  std::string read;
  EXPECT_TRUE(simulation_.RunUntil([&] {
    read += world->Read();
    return read.size() == text.size();
  }));
  EXPECT_EQ(read, text);
  EXPECT_FALSE(world->ended());
}

TEST_P(SimSocketTest, TheProgramsCloseIsSeenBehindWhatItWrote) {
  const auto world = simulation_.MakeSocket();
  const Ref<Program> program = Spawn(*world, "bye");
  simulation_.RunFor(absl::Seconds(1));
  program.Send(Close{});
  simulation_.RunFor(absl::Seconds(1));
  EXPECT_FALSE(world->ended());
  EXPECT_EQ(world->Read(), "bye");
  EXPECT_TRUE(world->ended());
  EXPECT_EQ(world->Write("x"), 0u);
}

TEST_P(SimSocketTest, APieceThatFindsTheProgramsEndClosedIsLost) {
  const auto world = simulation_.MakeSocket();
  const Ref<Program> program = Spawn(*world, "");
  program.Send(Close{});
  ASSERT_EQ(world->Write("x"), 1u);
  EXPECT_TRUE(simulation_.RunUntil([&] { return world->ended(); }, absl::Seconds(1)));
}

TEST_P(SimSocketTest, DestroyedItDropsWhatIsOnItsWay) {
  auto world = simulation_.MakeSocket();
  const Ref<Program> program = Spawn(*world, "");
  program.Send(StartReading{});
  simulation_.RunFor(absl::Seconds(1));
  ASSERT_EQ(world->Write("x"), 1u);
  world.reset();
  EXPECT_TRUE(simulation_.RunUntil([&] { return seen_.ended; }, absl::Seconds(1)));
  EXPECT_EQ(seen_.bytes, "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, SimSocketTest, testing::ValuesIn(SimulationSeeds(5)));

}  // namespace
}  // namespace troupe
