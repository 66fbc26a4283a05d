#include "troupe/loop/waker.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace troupe {
namespace {

// A bed only: Poll() waits for Wake(), which is remembered as an eventfd does.
class BedPoller final : public Poller {
 public:
  absl::StatusOr<WatchId> Add(int, uint32_t, FdHandler*) override { return WatchId(); }
  absl::Status Modify(WatchId, uint32_t) override { return absl::OkStatus(); }
  void Remove(WatchId) override {}
  size_t watch_count() const override { return 0; }

  size_t Poll(Instant, Instant) override {
    std::unique_lock<std::mutex> lock(mutex_);
    // Long past any delay of the machine: only a lost wake-up gets there, and is reported.
    if (!woken_.wait_for(lock, std::chrono::seconds(30), [this] { return wake_; })) {
      ADD_FAILURE() << "lost wake-up";
    }
    wake_ = false;
    return 0;
  }

  void Wake() override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      wake_ = true;
      ++wake_count_;
    }
    woken_.notify_one();
  }

  int wake_count() const { return wake_count_; }

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  bool wake_ = false;
  int wake_count_ = 0;
};

class WakerTest : public ::testing::Test {
 protected:
  BedPoller poller_;
  Waker waker_{poller_};
};

TEST_F(WakerTest, F66_ShardMaySleepWhenNothingWasPublished) {
  EXPECT_TRUE(waker_.PrepareSleep());
  waker_.Awake();
  EXPECT_TRUE(waker_.PrepareSleep());
}

TEST_F(WakerTest, F66_PublicationMakesTheShardLookOnceMore) {
  waker_.Publish();
  waker_.Publish();
  EXPECT_FALSE(waker_.PrepareSleep());
  EXPECT_TRUE(waker_.PrepareSleep());
}

TEST_F(WakerTest, F66_ShardThatIsAwakeIsNotWoken) {
  waker_.Publish();
  EXPECT_EQ(poller_.wake_count(), 0);
}

TEST_F(WakerTest, F66_SleepingShardIsWokenOnceForSeveralPublications) {
  ASSERT_TRUE(waker_.PrepareSleep());
  waker_.Publish();
  waker_.Publish();
  EXPECT_EQ(poller_.wake_count(), 1);
}

TEST_F(WakerTest, F66_AwakeTakesThePublicationThatWokeIt) {
  ASSERT_TRUE(waker_.PrepareSleep());
  waker_.Publish();
  poller_.Poll({}, Instant::Infinite());
  waker_.Awake();
  EXPECT_TRUE(waker_.PrepareSleep());
}

TEST_F(WakerTest, F66_PublicationAfterAwakeIsNotForgotten) {
  ASSERT_TRUE(waker_.PrepareSleep());
  waker_.Awake();
  waker_.Publish();
  EXPECT_FALSE(waker_.PrepareSleep());
}

// One published count for each publisher, apart so that only the waker orders them.
struct alignas(128) Published {
  std::atomic<int> count{0};
};

// A shard that sleeps whenever it finds nothing, until it has seen `total` publications.
void RunShard(Waker& waker, BedPoller& poller, std::vector<Published>& published, int total,
              std::atomic<int>& seen) {
  while (seen.load(std::memory_order_relaxed) < total) {
    int sum = 0;
    // Relaxed: what the waker promises is that this look finds all that was published before.
    for (Published& each : published) sum += each.count.load(std::memory_order_relaxed);
    if (sum != seen.load(std::memory_order_relaxed)) {
      seen.store(sum, std::memory_order_release);
    } else if (waker.PrepareSleep()) {
      poller.Poll({}, Instant::Infinite());
      waker.Awake();
    }
  }
}

TEST_F(WakerTest, F66_EachPublicationOfOneThreadIsSeenBeforeTheNext) {
  constexpr int kPublications = 50000;
  std::vector<Published> published(1);
  std::atomic<int> seen{0};
  std::thread shard([&] { RunShard(waker_, poller_, published, kPublications, seen); });
  for (int i = 1; i <= kPublications; ++i) {
    published[0].count.store(i, std::memory_order_relaxed);
    waker_.Publish();
    // The shard is about to sleep, or does, when the next one comes.
    while (seen.load(std::memory_order_acquire) < i && !HasFailure()) std::this_thread::yield();
  }
  shard.join();
  EXPECT_EQ(seen.load(), kPublications);
}

TEST_F(WakerTest, F66_PublicationsOfSeveralThreadsAreAllSeen) {
  constexpr int kPublishers = 3;
  constexpr int kPublications = 50000;
  std::vector<Published> published(kPublishers);
  std::atomic<int> seen{0};
  std::vector<std::thread> publishers;
  for (int p = 0; p < kPublishers; ++p) {
    publishers.emplace_back([this, &published, p] {
      for (int i = 1; i <= kPublications; ++i) {
        published[p].count.store(i, std::memory_order_relaxed);
        waker_.Publish();
      }
    });
  }
  RunShard(waker_, poller_, published, kPublishers * kPublications, seen);
  for (std::thread& publisher : publishers) publisher.join();
  EXPECT_EQ(seen.load(), kPublishers * kPublications);
}

}  // namespace
}  // namespace troupe
