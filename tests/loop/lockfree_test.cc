#include "troupe/loop/lockfree.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace troupe {
namespace {

TEST(SpscRingTest, HoldsExactlyItsCapacity) {
  SpscRing<int> ring(3);
  const int items[] = {1, 2, 3, 4};
  EXPECT_TRUE(ring.Empty());
  EXPECT_EQ(ring.Push(items, 4), 3u);
  EXPECT_FALSE(ring.Empty());
  EXPECT_EQ(ring.Push(items, 1), 0u);
  int out[4] = {};
  EXPECT_EQ(ring.Pop(out, 4), 3u);
  EXPECT_EQ(out[0], 1);
  EXPECT_EQ(out[2], 3);
  EXPECT_TRUE(ring.Empty());
}

TEST(SpscRingTest, BatchesWrapAroundTheEnd) {
  SpscRing<int> ring(5);
  int next_in = 0;
  int next_out = 0;
  for (int round = 0; round < 100; ++round) {
    const int items[] = {next_in, next_in + 1, next_in + 2};
    next_in += static_cast<int>(ring.Push(items, 3));
    int out[2];
    const size_t count = ring.Pop(out, 2);
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(out[i], next_out++);
  }
}

TEST(SpscRingTest, ConsumeSomeTakesNoMoreThanAsked) {
  SpscRing<int> ring(4);
  const int items[] = {1, 2, 3, 4};
  std::vector<int> used;
  const auto use = [&](int item) { used.push_back(item); };
  EXPECT_EQ(ring.ConsumeSome(2, use), 0u);
  EXPECT_EQ(ring.Push(items, 4), 4u);
  EXPECT_EQ(ring.ConsumeSome(0, use), 0u);
  EXPECT_EQ(ring.ConsumeSome(3, use), 3u);
  EXPECT_EQ(used, (std::vector<int>{1, 2, 3}));
  EXPECT_FALSE(ring.Empty());
  EXPECT_EQ(ring.Push(items, 4), 3u) << "the places of what was used are free";
  EXPECT_EQ(ring.ConsumeSome(100, use), 4u);
  EXPECT_EQ(used, (std::vector<int>{1, 2, 3, 4, 1, 2, 3}));
  EXPECT_TRUE(ring.Empty());
}

TEST(SpscRingTest, ConsumeSomeFreesEachPlaceOnceItsItemWasUsed) {
  SpscRing<int> ring(2);
  const int items[] = {1, 2, 3};
  EXPECT_EQ(ring.Push(items, 2), 2u);
  std::vector<size_t> room;
  ring.ConsumeSome(2, [&](int) { room.push_back(ring.Push(items + 2, 1)); });
  EXPECT_EQ(room, (std::vector<size_t>{0, 1})) << "an item's own place is free after its use";
}

TEST(SpscRingTest, ItemsCrossThreadsInOrder) {
  constexpr int kItems = 200000;
  SpscRing<int*> ring(64);
  std::vector<int> values(kItems);
  std::thread producer([&] {
    int sent = 0;
    while (sent < kItems) {
      int* batch[16];
      const int count = std::min(16, kItems - sent);
      for (int i = 0; i < count; ++i) {
        values[sent + i] = sent + i;  // Not atomic: the ring publishes it.
        batch[i] = &values[sent + i];
      }
      const int pushed = static_cast<int>(ring.Push(batch, count));
      sent += pushed;
      if (pushed == 0) std::this_thread::yield();
    }
  });
  int received = 0;
  bool in_order = true;
  while (received < kItems) {
    int* batch[16];
    const size_t count = ring.Pop(batch, 16);
    for (size_t i = 0; i < count; ++i) in_order &= *batch[i] == received++;
    if (count == 0) std::this_thread::yield();
  }
  producer.join();
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(ring.Empty());
}

size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  size_t total_pages = 0;
  size_t resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * 4096;
}

TEST(MpscInboxTest, AnInboxTakesNoMemoryForSlotsThatWereNeverUsed) {
  const size_t before = ResidentBytes();
  std::vector<std::unique_ptr<MpscInbox<int*>>> inboxes;
  for (int i = 0; i < 64; ++i) inboxes.push_back(std::make_unique<MpscInbox<int*>>(32768));
  int value = 0;
  for (auto& inbox : inboxes) EXPECT_TRUE(inbox->Push(&value));
  // A page each; all slots together are 32 MB.
  EXPECT_LT(ResidentBytes() - before, 2u << 20);
  for (auto& inbox : inboxes) {
    int* out = nullptr;
    EXPECT_TRUE(inbox->Pop(out));
    EXPECT_EQ(out, &value);
    EXPECT_TRUE(inbox->Empty());
  }
}

TEST(MpscInboxTest, ManyRoundsOfEveryFillLevel) {
  for (const size_t capacity : {2, 4, 16}) {
    MpscInbox<int> inbox(capacity);
    int next_in = 0;
    int next_out = 0;
    for (size_t round = 0; round < 1000; ++round) {
      for (size_t i = 0; i < round % (capacity + 1); ++i) {
        if (inbox.Push(next_in)) ++next_in;
      }
      const bool full = static_cast<size_t>(next_in - next_out) == capacity;
      EXPECT_EQ(inbox.Push(next_in), !full);
      if (!full) ++next_in;
      for (size_t i = 0; i < round % 3 + 1; ++i) {
        int out = -1;
        EXPECT_EQ(inbox.Pop(out), next_out < next_in);
        if (out >= 0) {
          EXPECT_EQ(out, next_out++);
        }
        EXPECT_EQ(inbox.Empty(), next_out == next_in);
      }
    }
  }
}

TEST(MpscInboxTest, HoldsExactlyItsCapacity) {
  MpscInbox<int> inbox(2);
  EXPECT_TRUE(inbox.Empty());
  EXPECT_TRUE(inbox.Push(1));
  EXPECT_TRUE(inbox.Push(2));
  EXPECT_FALSE(inbox.Push(3));
  int out = 0;
  EXPECT_TRUE(inbox.Pop(out));
  EXPECT_EQ(out, 1);
  EXPECT_TRUE(inbox.Push(4));
  EXPECT_TRUE(inbox.Pop(out));
  EXPECT_TRUE(inbox.Pop(out));
  EXPECT_EQ(out, 4);
  EXPECT_FALSE(inbox.Pop(out));
  EXPECT_TRUE(inbox.Empty());
}

TEST(MpscInboxTest, CapacityIsRoundedUpToAPowerOfTwo) {
  for (const auto& [asked, given] : {std::pair(1, 2), std::pair(3, 4), std::pair(64, 64)}) {
    MpscInbox<int> inbox(asked);
    int pushed = 0;
    while (inbox.Push(pushed)) ++pushed;
    EXPECT_EQ(pushed, given);
  }
}

TEST(MpscInboxTest, ItemsStayInOrderOverManyRounds) {
  MpscInbox<int> inbox(4);
  int next_in = 0;
  int next_out = 0;
  for (int round = 0; round < 100; ++round) {
    while (inbox.Push(next_in)) ++next_in;
    for (int i = 0; i <= round % 4; ++i) {
      int out = -1;
      ASSERT_TRUE(inbox.Pop(out));
      ASSERT_EQ(out, next_out++);
    }
  }
}

TEST(MpscInboxTest, EachProducersItemsArriveOnceAndInOrder) {
  constexpr int kProducers = 3;
  constexpr int kItems = 30000;
  struct Item {
    int producer;
    int number;
  };
  MpscInbox<Item> inbox(32);
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&inbox, p] {
      for (int i = 0; i < kItems;) {
        if (inbox.Push({p, i})) {
          ++i;
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  int next[kProducers] = {};
  bool in_order = true;
  for (int received = 0; received < kProducers * kItems;) {
    Item item;
    if (!inbox.Pop(item)) {
      std::this_thread::yield();
      continue;
    }
    in_order &= item.number == next[item.producer]++;
    ++received;
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(inbox.Empty());
}

}  // namespace
}  // namespace troupe
