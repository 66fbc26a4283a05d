// The contract of Poller with real descriptors, as tests/loop/epoll_poller_test.cc has it.

#include "troupe/sim/sim_poller.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/base/instant.h"
#include "troupe/base/limits.h"
#include "troupe/loop/epoll_poller.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/poller.h"
#include "troupe/sim/sim_socket.h"
#include "troupe/sim/test_simulation.h"

namespace troupe {
namespace {

class Recorder final : public FdHandler {
 public:
  explicit Recorder(std::function<void(uint32_t)> then = [](uint32_t) {})
      : then_(std::move(then)) {}

  void OnFdReady(uint32_t events) override {
    events_.push_back(events);
    then_(events);
  }
  const std::vector<uint32_t>& events() const { return events_; }

 private:
  std::function<void(uint32_t)> then_;
  std::vector<uint32_t> events_;
};

struct Pair {
  Fd near;
  Fd far;
};

Pair MakePair() {
  int fds[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  return {Fd(fds[0]), Fd(fds[1])};
}

void Put(const Fd& fd) { ASSERT_EQ(write(fd.get(), "x", 1), 1); }
void Take(const Fd& fd) {
  char byte;
  ASSERT_EQ(read(fd.get(), &byte, 1), 1);
}

class SimPollerTest : public testing::Test {
 protected:
  size_t Look() { return poller_->Poll(platform_.clock().Now(), {}); }
  WatchId Watch(const Fd& fd, uint32_t events, Recorder& recorder) {
    absl::StatusOr<WatchId> id = poller_->Add(fd.get(), events, &recorder);
    EXPECT_TRUE(id.ok()) << id.status();
    return id.ok() ? *id : WatchId();
  }

  TestSimulation simulation_;
  Platform& platform_ = simulation_.AddNode("a");
  std::unique_ptr<Poller> poller_ = *platform_.MakePoller({.watches_per_shard_max = 100});
};

TEST_F(SimPollerTest, ReadinessIsLevelTriggered) {
  Pair pair = MakePair();
  Recorder recorder;
  Watch(pair.near, kReadable, recorder);
  EXPECT_EQ(Look(), 0u);
  Put(pair.far);
  EXPECT_EQ(Look(), 1u);
  EXPECT_EQ(Look(), 1u);
  EXPECT_EQ(recorder.events(), (std::vector<uint32_t>{kReadable, kReadable}));
  Take(pair.near);
  EXPECT_EQ(Look(), 0u);
}

TEST_F(SimPollerTest, ModifyChangesWhatIsReported) {
  Pair pair = MakePair();
  Recorder recorder;
  const WatchId id = Watch(pair.near, kReadable, recorder);
  EXPECT_TRUE(poller_->Modify(id, kWritable).ok());
  EXPECT_EQ(Look(), 1u);
  EXPECT_TRUE(poller_->Modify(id, 0).ok());
  EXPECT_EQ(Look(), 0u);
  EXPECT_TRUE(poller_->Modify(id, kReadable | kWritable).ok());
  EXPECT_EQ(Look(), 1u);
}

TEST_F(SimPollerTest, RefusalsAreThoseOfTheEpollPoller) {
  const std::unique_ptr<EpollPoller> epoll = *EpollPoller::Make(100);
  Pair pair = MakePair();
  Recorder recorder;
  Watch(pair.near, kReadable, recorder);
  ASSERT_TRUE(epoll->Add(pair.near.get(), kReadable, &recorder).ok());
  const Fd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  for (const int fd : {pair.near.get(), -1, file.get()}) {
    const absl::Status refused = poller_->Add(fd, kReadable, &recorder).status();
    EXPECT_FALSE(refused.ok());
    EXPECT_EQ(refused, epoll->Add(fd, kReadable, &recorder).status());
  }
  EXPECT_EQ(poller_->watch_count(), 1u);
  EXPECT_EQ(poller_->Modify(WatchId(), 0), epoll->Modify(WatchId(), 0));
}

TEST_F(SimPollerTest, TheBoundIsResourceExhausted) {
  const std::unique_ptr<Poller> poller = *platform_.MakePoller({.watches_per_shard_max = 1});
  Pair pair = MakePair();
  Recorder recorder;
  const WatchId id = *poller->Add(pair.near.get(), kReadable, &recorder);
  const uint64_t calls = simulation_.CallsOf("a");
  EXPECT_EQ(poller->Add(pair.far.get(), kReadable, &recorder).status(),
            absl::ResourceExhaustedError("watches_per_shard_max: 1"));
  EXPECT_EQ(simulation_.CallsOf("a"), calls);
  poller->Remove(id);
  EXPECT_TRUE(poller->Add(pair.far.get(), kReadable, &recorder).ok());
}

TEST_F(SimPollerTest, ACallThatFailsWatchesNothing) {
  Pair pair = MakePair();
  Recorder recorder;
  simulation_.FailCall("a", 1);
  EXPECT_EQ(poller_->Add(pair.near.get(), kReadable, &recorder).status(),
            absl::ResourceExhaustedError("epoll_ctl: Too many open files"));
  EXPECT_EQ(poller_->watch_count(), 0u);
  Watch(pair.near, kReadable, recorder);
  Put(pair.far);
  EXPECT_EQ(Look(), 1u);
}

TEST_F(SimPollerTest, RemovedDuringDeliveryIsNotDelivered) {
  Pair first = MakePair(), second = MakePair();
  WatchId first_id, second_id;
  // Whichever comes first removes the other and itself.
  const auto remove_both = [&](uint32_t) {
    poller_->Remove(first_id);
    poller_->Remove(second_id);
  };
  Recorder first_recorder(remove_both), second_recorder(remove_both);
  first_id = Watch(first.near, kReadable, first_recorder);
  second_id = Watch(second.near, kReadable, second_recorder);
  Put(first.far);
  Put(second.far);
  EXPECT_EQ(Look(), 1u);
  EXPECT_EQ(first_recorder.events().size() + second_recorder.events().size(), 1u);
  EXPECT_EQ(Look(), 0u);
  EXPECT_EQ(poller_->watch_count(), 0u);
}

TEST_F(SimPollerTest, F84_EventOfAReusedNumberIsDropped) {
  Pair pairs[2] = {MakePair(), MakePair()};
  Pair fresh = MakePair();
  WatchId ids[2];
  Recorder fresh_recorder;
  // The first of the batch closes the other's descriptor, whose number a new one gets.
  bool replaced = false;
  const auto replace = [&](int other) {
    if (std::exchange(replaced, true)) return;
    const int number = pairs[other].near.get();
    poller_->Remove(ids[other]);
    ASSERT_EQ(dup3(fresh.near.get(), number, O_CLOEXEC), number);
    Watch(pairs[other].near, kReadable, fresh_recorder);
  };
  Recorder zero([&](uint32_t) { replace(1); }), one([&](uint32_t) { replace(0); });
  ids[0] = Watch(pairs[0].near, kReadable, zero);
  ids[1] = Watch(pairs[1].near, kReadable, one);
  Put(pairs[0].far);
  Put(pairs[1].far);
  EXPECT_EQ(Look(), 1u);
  EXPECT_TRUE(replaced);
  EXPECT_TRUE(fresh_recorder.events().empty());
  Put(fresh.far);
  Look();
  EXPECT_EQ(fresh_recorder.events(), std::vector<uint32_t>{kReadable});
}

TEST_F(SimPollerTest, F84_RemovingAfterCloseSparesTheNewOwnerOfTheNumber) {
  Pair old_pair = MakePair();
  Pair fresh = MakePair();
  Recorder old_recorder, fresh_recorder;
  const WatchId old_id = Watch(old_pair.near, kReadable, old_recorder);
  const int number = old_pair.near.get();
  ASSERT_EQ(dup3(fresh.near.get(), number, O_CLOEXEC), number);
  Watch(old_pair.near, kReadable, fresh_recorder);
  poller_->Remove(old_id);
  Put(fresh.far);
  EXPECT_EQ(Look(), 1u);
  EXPECT_EQ(fresh_recorder.events().size(), 1u);
}

TEST_F(SimPollerTest, F86_HangUpWithoutInterestIsReportedOnce) {
  Pair pair = MakePair();
  Recorder recorder;
  const WatchId id = Watch(pair.near, 0, recorder);
  EXPECT_EQ(Look(), 0u);
  pair.far.Reset();
  EXPECT_EQ(Look(), 1u);
  EXPECT_EQ(Look(), 0u);
  ASSERT_EQ(recorder.events().size(), 1u);
  EXPECT_TRUE(recorder.events()[0] & kHangup);
  EXPECT_TRUE(poller_->Modify(id, kReadable).ok());
  EXPECT_EQ(Look(), 1u);
}

TEST_F(SimPollerTest, AStaleIdIsIgnored) {
  Pair pair = MakePair();
  Recorder recorder;
  const WatchId stale = Watch(pair.near, kReadable, recorder);
  poller_->Remove(stale);
  Watch(pair.near, kReadable, recorder);
  poller_->Remove(stale);
  poller_->Remove(WatchId());
  EXPECT_EQ(poller_->Modify(stale, 0).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(poller_->watch_count(), 1u);
  Put(pair.far);
  EXPECT_EQ(Look(), 1u);
}

// More than one Poll() delivers.
constexpr int kMany = 90;

TEST_F(SimPollerTest, WhatAFullBatchPutsOffIsAskedAgain) {
  std::vector<Pair> pairs(kMany);
  // The first one called takes what there is, everywhere.
  bool taken = false;
  Recorder recorder([&](uint32_t) {
    if (std::exchange(taken, true)) return;
    for (const Pair& pair : pairs) Take(pair.near);
  });
  for (Pair& pair : pairs) {
    pair = MakePair();
    Watch(pair.near, kReadable, recorder);
    Put(pair.far);
  }
  EXPECT_LT(Look(), static_cast<size_t>(kMany));
  EXPECT_EQ(Look(), 0u);
}

TEST_F(SimPollerTest, F86_AHangUpThatAFullBatchPutsOffIsNotLost) {
  // Neither asks for data, and each hang-up is reported once.
  for (const uint32_t wanted : {uint32_t{0}, uint32_t{kHangup}}) {
    std::vector<Pair> pairs(kMany);
    std::vector<WatchId> ids;
    Recorder recorder;
    for (Pair& pair : pairs) {
      pair = MakePair();
      ids.push_back(Watch(pair.near, wanted, recorder));
      pair.far.Reset();
    }
    EXPECT_LT(Look(), static_cast<size_t>(kMany));
    while (Look() > 0) {
    }
    EXPECT_EQ(recorder.events().size(), static_cast<size_t>(kMany));
    for (const WatchId id : ids) poller_->Remove(id);
  }
}

TEST_F(SimPollerTest, TheOrderOfDeliveryDoesNotDependOnDescriptorNumbers) {
  std::vector<std::vector<int>> orders;
  for (const bool reversed : {false, true}) {
    TestSimulation simulation({.seed = 5});
    Platform& platform = simulation.AddNode("a");
    const std::unique_ptr<Poller> poller = *platform.MakePoller({});
    std::vector<Pair> pairs(10);
    for (Pair& pair : pairs) pair = MakePair();
    std::vector<int> order;
    std::vector<std::unique_ptr<Recorder>> recorders;
    for (int i = 0; i < 10; ++i) {
      const Pair& pair = pairs[static_cast<size_t>(reversed ? 9 - i : i)];
      recorders.push_back(
          std::make_unique<Recorder>([&order, i](uint32_t) { order.push_back(i); }));
      ASSERT_TRUE(poller->Add(pair.near.get(), kReadable, recorders.back().get()).ok());
    }
    for (const Pair& pair : pairs) Put(pair.far);
    for (int i = 0; i < 5; ++i) poller->Poll(platform.clock().Now(), {});
    orders.push_back(order);
  }
  EXPECT_EQ(orders[0].size(), 50u);
  EXPECT_EQ(orders[0], orders[1]);
}

TEST_F(SimPollerTest, AWaitOfTheTestEndsWithTheDescriptor) {
  const std::unique_ptr<SimSocket> world = simulation_.MakeSocket();
  const Fd end(world->program_end());
  Recorder recorder;
  Watch(end, kReadable, recorder);
  ASSERT_EQ(world->Write("x"), 1u);
  const Instant before = platform_.clock().Now();
  EXPECT_EQ(poller_->Poll(before, before + absl::Hours(1)), 1u);
  EXPECT_LT(platform_.clock().Now() - before, absl::Seconds(1));
}

TEST_F(SimPollerTest, APollerMayEndBeforeItsWatches) {
  Pair pair = MakePair();
  Recorder recorder;
  Watch(pair.near, kReadable, recorder);
  poller_.reset();
  Put(pair.far);
  simulation_.RunFor(absl::Seconds(1));
  EXPECT_TRUE(recorder.events().empty());
}

}  // namespace
}  // namespace troupe
