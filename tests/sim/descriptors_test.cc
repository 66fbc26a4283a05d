// Actors that watch descriptors, in simulation.

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
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
#include "troupe/base/instant.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/poller.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/tests/sim/another_process.h"

namespace troupe {
namespace {

struct Ends {
  int first = -1;
  int second = -1;
};

Ends MakePipe() {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  return {ends[0], ends[1]};
}

Ends MakePair() {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  return {ends[0], ends[1]};
}

std::string ReadAll(int fd) {
  std::string bytes;
  char buffer[100];
  while (true) {
    const ssize_t count = read(fd, buffer, sizeof(buffer));
    if (count <= 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(count));
  }
}

void WriteAll(int fd, std::string_view bytes) {
  EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

// What the readers of a run have seen, in order.
struct Seen {
  std::string bytes;
  int hangups = 0;
  std::vector<absl::Status> failures;
};

// Reads what comes until the hang-up.
class Reader final : public Actor {
 public:
  Reader(int fd, Seen* seen) : fd_(fd), seen_(*seen) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Watch(this, fd_.get(), kReadable);
    return absl::OkStatus();
  }
  void On(Context& cx, const FdReady& ready) {
    if (!ready.status.ok()) return seen_.failures.push_back(ready.status);
    if (ready.events & kReadable) seen_.bytes += ReadAll(ready.fd);
    if ((ready.events & kHangup) == 0) return;
    ++seen_.hangups;
    cx.Unwatch(ready.watch);
  }

 private:
  const Fd fd_;
  Seen& seen_;
};

struct Tick {};

// Writes a letter every 10 ms, and ends with its last one.
class Writer final : public Actor {
 public:
  Writer(int fd, std::string letters) : fd_(fd), letters_(std::move(letters)) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Every(this, absl::Milliseconds(10), Tick{});
    return absl::OkStatus();
  }
  void On(Context& cx, const Tick&) {
    if (letters_.empty()) return cx.Stop();
    WriteAll(fd_.get(), letters_.substr(0, 1));
    letters_.erase(0, 1);
  }

 private:
  const Fd fd_;
  std::string letters_;
};

// Sends back each byte, one higher, up to '9'.
class Counter final : public Actor {
 public:
  Counter(int fd, Seen* seen) : fd_(fd), seen_(*seen) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Watch(this, fd_.get(), kReadable);
    return absl::OkStatus();
  }
  void On(Context& cx, const FdReady& ready) {
    for (const char digit : ReadAll(ready.fd)) {
      seen_.bytes += digit;
      if (digit < '9') WriteAll(ready.fd, std::string(1, static_cast<char>(digit + 1)));
    }
    if (ready.events & kHangup) cx.Unwatch(ready.watch);
  }

 private:
  const Fd fd_;
  Seen& seen_;
};

std::unique_ptr<System> StartOn(Platform& platform, int shards = 2) {
  return *System::Start({.shards = shards, .platform = &platform});
}

SpawnOptions OnShard(int shard) { return {.placement = Placement::OnShard(shard)}; }

TEST(DescriptorsTest, AnActorReadsThePipeThatAnotherWrites) {
  for (const int shard : {0, 1}) {
    TestSimulation simulation;
    const auto system = StartOn(simulation.AddNode("a"));
    const Ends pipe = MakePipe();
    Seen seen;
    system->Spawn<Reader>(OnShard(0), pipe.first, &seen);
    system->Spawn<Writer>(OnShard(shard), pipe.second, "descriptors");
    EXPECT_TRUE(simulation.RunUntil([&] { return seen.hangups > 0; }, absl::Seconds(1)));
    EXPECT_EQ(seen.bytes, "descriptors");
    simulation.RunFor(absl::Seconds(1));
    EXPECT_EQ(seen.hangups, 1);
  }
}

TEST(DescriptorsTest, ActorsAnswerEachOtherThroughASocketPair) {
  TestSimulation simulation;
  const auto system = StartOn(simulation.AddNode("a"));
  const Ends pair = MakePair();
  Seen seen;
  system->Spawn<Counter>(OnShard(0), pair.first, &seen);
  system->Spawn<Counter>(OnShard(1), pair.second, &seen);
  simulation.RunFor(absl::Seconds(1));
  EXPECT_EQ(seen.bytes, "");
  WriteAll(pair.first, "0");
  simulation.RunFor(absl::Milliseconds(10));
  EXPECT_EQ(seen.bytes, "0123456789");
}

TEST(DescriptorsTest, AWriteOfTheTestWakesTheShardAtThatInstant) {
  TestSimulation simulation;
  const auto system = StartOn(simulation.AddNode("a"));
  const Ends pipe = MakePipe();
  Seen seen;
  system->Spawn<Reader>({}, pipe.first, &seen);
  simulation.RunFor(absl::Seconds(1));
  WriteAll(pipe.second, "now");
  EXPECT_TRUE(simulation.RunUntil([&] { return seen.bytes == "now"; }, absl::Milliseconds(1)));
  close(pipe.second);
  EXPECT_TRUE(simulation.RunUntil([&] { return seen.hangups == 1; }, absl::Milliseconds(1)));
}

// Reads nothing.
class Ignorer final : public Actor {
 public:
  Ignorer(int fd, int* events) : fd_(fd), events_(*events) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Watch(this, fd_.get(), kReadable);
    return absl::OkStatus();
  }
  void On(Context&, const FdReady&) { ++events_; }

 private:
  const Fd fd_;
  int& events_;
};

TEST(DescriptorsTest, AnUnreadDescriptorIsToldOfAgainAndAgainAndDoesNotStopTime) {
  TestSimulation simulation;
  const auto system = StartOn(simulation.AddNode("a"));
  int events = 0;
  system->Spawn<Ignorer>({}, eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK), &events);
  const Instant before = simulation.clock().Now();
  simulation.RunFor(absl::Milliseconds(1));
  EXPECT_GT(events, 10);
  EXPECT_EQ(simulation.clock().Now() - before, absl::Milliseconds(1));
}

TEST(DescriptorsTest, ACallThatFailsIsTheOnlyEventOfItsWatch) {
  TestSimulation simulation;
  const auto system = StartOn(simulation.AddNode("a"));
  const Ends pipe = MakePipe();
  WriteAll(pipe.second, "x");
  Seen seen;
  simulation.FailCall("a", 1);
  system->Spawn<Reader>({}, pipe.first, &seen);
  simulation.RunFor(absl::Seconds(1));
  ASSERT_EQ(seen.failures.size(), 1u);
  EXPECT_EQ(seen.failures[0], absl::ResourceExhaustedError("epoll_ctl: Too many open files"));
  EXPECT_EQ(seen.bytes, "");
  close(pipe.second);
}

// Many writers and readers whose descriptors have other numbers in each run.
uint64_t HashOfARun(uint64_t seed, int pad_count) {
  std::vector<Fd> pads;
  for (int i = 0; i < pad_count; ++i) pads.emplace_back(eventfd(0, EFD_CLOEXEC));
  TestSimulation simulation({.seed = seed});
  const auto system = StartOn(simulation.AddNode("a"), 3);
  Seen seen;
  for (int i = 0; i < 6; ++i) {
    const Ends pipe = MakePipe();
    if (i % 2 == 0) pads.clear();
    system->Spawn<Reader>(OnShard(i % 3), pipe.first, &seen);
    system->Spawn<Writer>(OnShard(i / 2), pipe.second, std::string(5, static_cast<char>('a' + i)));
  }
  EXPECT_TRUE(simulation.RunUntil([&] { return seen.hangups == 6; }));
  EXPECT_EQ(seen.bytes.size(), 30u);
  return simulation.trace_hash();
}

TEST(DescriptorsTest, EqualRunsHaveEqualHashesWhateverTheNumbers) {
  const uint64_t hash = HashOfARun(3, 0);
  EXPECT_EQ(HashOfARun(3, 7), hash);
  EXPECT_NE(HashOfARun(4, 0), hash);
  ExpectSameHashInAnotherProcess(hash);
}

TEST(DescriptorsTest, ACrashedNodeHearsNothingMoreAndItsDescriptorsCloseWithIt) {
  TestSimulation simulation;
  Platform& platform = simulation.AddNode("a");
  auto system = StartOn(platform);
  const auto other = StartOn(simulation.AddNode("b"));
  const Ends pair = MakePair();
  Seen seen, seen_by_other;
  system->Spawn<Reader>({}, pair.first, &seen);
  other->Spawn<Reader>({}, pair.second, &seen_by_other);
  simulation.RunFor(absl::Seconds(1));
  simulation.Crash("a");
  WriteAll(pair.second, "too late");
  simulation.RunFor(absl::Seconds(1));
  system.reset();
  EXPECT_EQ(seen.bytes, "");
  EXPECT_TRUE(simulation.RunUntil([&] { return seen_by_other.hangups == 1; }, absl::Seconds(1)));
  simulation.Restart("a");
  system = StartOn(platform);
  const Ends pipe = MakePipe();
  system->Spawn<Reader>({}, pipe.first, &seen);
  system->Spawn<Writer>({}, pipe.second, "again");
  EXPECT_TRUE(simulation.RunUntil([&] { return seen.hangups == 1; }, absl::Seconds(1)));
  EXPECT_EQ(seen.bytes, "again");
}

}  // namespace
}  // namespace troupe
