#include "troupe/loop/epoll_poller.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/base/instant.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/poller.h"
#include "troupe/loop/posix_clock.h"
#include "troupe/loop/posix_poller.h"

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

class EpollPollerTest : public testing::Test {
 protected:
  size_t Look() { return poller_->Poll(clock_.Now(), {}); }
  WatchId Watch(const Fd& fd, uint32_t events, Recorder& recorder) {
    absl::StatusOr<WatchId> id = poller_->Add(fd.get(), events, &recorder);
    EXPECT_TRUE(id.ok()) << id.status();
    return id.ok() ? *id : WatchId();
  }

  PosixClock clock_;
  std::unique_ptr<EpollPoller> poller_ = *EpollPoller::Make(100);
};

TEST_F(EpollPollerTest, ReadinessIsLevelTriggered) {
  Pair pair = MakePair();
  Recorder recorder;
  Watch(pair.near, kReadable, recorder);
  EXPECT_EQ(Look(), 0u);
  Put(pair.far);
  EXPECT_EQ(Look(), 1u);
  EXPECT_EQ(Look(), 1u);
  EXPECT_EQ(recorder.events(), (std::vector<uint32_t>{kReadable, kReadable}));
}

TEST_F(EpollPollerTest, ModifyChangesWhatIsReported) {
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

TEST_F(EpollPollerTest, AWatchedDescriptorIsRefusedTwice) {
  Pair pair = MakePair();
  Recorder recorder;
  Watch(pair.near, kReadable, recorder);
  EXPECT_EQ(poller_->Add(pair.near.get(), kReadable, &recorder).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(poller_->watch_count(), 1u);
}

TEST_F(EpollPollerTest, TheBoundIsResourceExhausted) {
  std::unique_ptr<EpollPoller> poller = *EpollPoller::Make(1);
  Pair pair = MakePair();
  Recorder recorder;
  const WatchId id = *poller->Add(pair.near.get(), kReadable, &recorder);
  EXPECT_EQ(poller->Add(pair.far.get(), kReadable, &recorder).status().code(),
            absl::StatusCode::kResourceExhausted);
  poller->Remove(id);
  EXPECT_TRUE(poller->Add(pair.far.get(), kReadable, &recorder).ok());
}

TEST_F(EpollPollerTest, F72_RefusedRegistrationIsAnErrorThatNamesTheCall) {
  Fd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  Recorder recorder;
  const absl::Status status = poller_->Add(file.get(), kReadable, &recorder).status();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("epoll_ctl"), absl::string_view::npos) << status;
  EXPECT_EQ(poller_->watch_count(), 0u);
}

TEST_F(EpollPollerTest, RemovedDuringDeliveryIsNotDelivered) {
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

TEST_F(EpollPollerTest, F84_EventOfAReusedNumberIsDropped) {
  Pair pairs[2] = {MakePair(), MakePair()};
  Pair fresh = MakePair();
  WatchId ids[2];
  Recorder fresh_recorder;
  // The first of the batch closes the other's descriptor, whose number and slot a new one gets.
  const auto replace = [&](int other) {
    const int number = pairs[other].near.get();
    poller_->Remove(ids[other]);
    ASSERT_EQ(dup3(fresh.near.get(), number, O_CLOEXEC), number);
    Watch(pairs[other].near, kReadable, fresh_recorder);
  };
  bool replaced = false;
  const auto once = [&](int other) {
    if (!std::exchange(replaced, true)) replace(other);
  };
  Recorder zero([&](uint32_t) { once(1); }), one([&](uint32_t) { once(0); });
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

TEST_F(EpollPollerTest, F84_RemovingAfterCloseSparesTheNewOwnerOfTheNumber) {
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

TEST_F(EpollPollerTest, F85_ADuplicateKeepsNothingAlive) {
  Pair pair = MakePair();
  Recorder recorder;
  const WatchId id = Watch(pair.near, kReadable, recorder);
  Fd duplicate(dup(pair.near.get()));
  poller_->Remove(id);
  pair.near.Reset();
  Put(pair.far);
  EXPECT_EQ(Look(), 0u);
  EXPECT_TRUE(recorder.events().empty());
}

TEST_F(EpollPollerTest, F86_HangUpWithoutInterestIsReportedOnce) {
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

TEST_F(EpollPollerTest, AStaleIdIsIgnored) {
  Pair pair = MakePair();
  Recorder recorder;
  const WatchId stale = Watch(pair.near, kReadable, recorder);
  poller_->Remove(stale);
  Watch(pair.near, kReadable, recorder);
  poller_->Remove(stale);
  poller_->Remove(WatchId());
  EXPECT_FALSE(poller_->Modify(stale, 0).ok());
  EXPECT_EQ(poller_->watch_count(), 1u);
  Put(pair.far);
  EXPECT_EQ(Look(), 1u);
}

TEST_F(EpollPollerTest, WakeFromAnotherThreadEndsAnInfiniteWait) {
  std::thread waker([&] { poller_->Wake(); });
  EXPECT_EQ(poller_->Poll(clock_.Now(), Instant::Infinite()), 0u);
  waker.join();
}

TEST_F(EpollPollerTest, WakeBeforeTheWaitIsNotLostAndCountsOnce) {
  poller_->Wake();
  poller_->Wake();
  poller_->Poll(clock_.Now(), Instant::Infinite());
  const Instant deadline = clock_.Now() + absl::Milliseconds(5);
  while (clock_.Now() < deadline) poller_->Poll(clock_.Now(), deadline);
  EXPECT_EQ(Look(), 0u);
}

TEST_F(EpollPollerTest, F91_AnIdleWaitIsNeverEarlyAndNeverSpins) {
  for (const bool milliseconds : {false, true}) {
    if (milliseconds) poller_->UseMillisecondsForTest();
    for (const absl::Duration wait : {absl::Nanoseconds(1), absl::Microseconds(1),
                                      absl::Microseconds(1001), absl::Milliseconds(3)}) {
      const Instant start = clock_.Now();
      const Instant deadline = start + wait;
      poller_->Poll(start, deadline);
      EXPECT_GE(clock_.Now(), deadline) << wait << " " << milliseconds;
    }
  }
}

TEST_F(EpollPollerTest, F91_ADeadlineThatHasPassedIsALook) {
  for (const bool milliseconds : {false, true}) {
    if (milliseconds) poller_->UseMillisecondsForTest();
    for (const Instant deadline : {Instant{1000}, Instant{0}, Instant{-5}}) {
      // Only this wakes a poll that waits after all.
      std::atomic<bool> done{false};
      std::thread waker([&] {
        const Instant patience = clock_.Now() + absl::Seconds(10);
        while (!done && clock_.Now() < patience) std::this_thread::yield();
        if (!done) poller_->Wake();
      });
      const Instant start = clock_.Now();
      EXPECT_EQ(poller_->Poll({1000}, deadline), 0u);
      done = true;
      waker.join();
      EXPECT_LT(clock_.Now() - start, absl::Seconds(10)) << "it waited for " << deadline.nanos;
      // It sees what there is.
      Pair pair = MakePair();
      Recorder recorder;
      const WatchId watch = Watch(pair.near, kReadable, recorder);
      Put(pair.far);
      poller_->Poll({1000}, deadline);
      EXPECT_EQ(recorder.events(), std::vector<uint32_t>{kReadable}) << deadline.nanos;
      poller_->Remove(watch);
    }
  }
}

TEST_F(EpollPollerTest, F91_FarDeadlinesWaitInsteadOfSpinning) {
  const int64_t millisecond = 1'000'000;
  for (const bool milliseconds : {false, true}) {
    if (milliseconds) poller_->UseMillisecondsForTest();
    for (const int64_t wait : {(int64_t{1} << 31) * millisecond, (int64_t{1} << 32) * millisecond,
                               Instant::Infinite().nanos - 1, Instant::Infinite().nanos}) {
      const Instant start = clock_.Now();
      std::thread waker([&] {
        while (clock_.Now() < start + absl::Milliseconds(5)) std::this_thread::yield();
        poller_->Wake();
      });
      poller_->Poll({1}, {wait});
      EXPECT_GE(clock_.Now(), start + absl::Milliseconds(5));
      waker.join();
    }
  }
}

class Deferred final : public DeferredCall {
 public:
  explicit Deferred(std::function<void()> then) : then_(std::move(then)) {}

 private:
  void OnDeferred() override { then_(); }
  std::function<void()> then_;
};

TEST_F(EpollPollerTest, ADeferredCallComesInTheNextPollWithoutAWait) {
  int count = 0;
  Deferred call([&] { ++count; });
  poller_->Defer(call);
  poller_->Defer(call);
  EXPECT_EQ(count, 0);
  EXPECT_EQ(poller_->Poll(clock_.Now(), Instant::Infinite()), 1u);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(Look(), 0u);
}

TEST_F(EpollPollerTest, ADeferredCallMayAddAndDestroyOthers) {
  std::vector<int> order;
  auto doomed = std::make_unique<Deferred>([&] { order.push_back(99); });
  Deferred* again_pointer = nullptr;
  Deferred again([&] {
    order.push_back(1);
    doomed.reset();
    if (order.size() == 1) poller_->Defer(*again_pointer);
  });
  again_pointer = &again;
  poller_->Defer(again);
  poller_->Defer(*doomed);
  EXPECT_EQ(Look(), 1u);
  EXPECT_EQ(Look(), 1u);
  EXPECT_EQ(Look(), 0u);
  EXPECT_EQ(order, (std::vector<int>{1, 1}));
}

}  // namespace
}  // namespace troupe
