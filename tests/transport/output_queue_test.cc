#include "troupe/transport/output_queue.h"

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace troupe::internal {
namespace {

void Put(OutputQueue& queue, std::string_view bytes) {
  std::memcpy(queue.Grow(bytes.size()), bytes.data(), bytes.size());
}

std::string TakeSome(OutputQueue& queue, size_t most) {
  std::vector<std::span<const char>> pieces(4);
  const size_t count = queue.Gather(pieces);
  std::string taken;
  for (size_t i = 0; i < count; ++i) taken.append(pieces[i].data(), pieces[i].size());
  taken.resize(std::min(taken.size(), most));
  queue.Consume(taken.size());
  return taken;
}

TEST(OutputQueueTest, GivesBackWhatWasPutInOrder) {
  OutputQueue queue;
  Put(queue, "one ");
  Put(queue, "two");
  EXPECT_EQ(queue.size(), 7);
  EXPECT_EQ(TakeSome(queue, 5), "one t");
  Put(queue, "!");
  EXPECT_EQ(TakeSome(queue, 100), "wo!");
  EXPECT_TRUE(queue.empty());
}

TEST(OutputQueueTest, RandomPiecesAgainstAString) {
  std::mt19937 random(1);
  OutputQueue queue;
  std::string model;
  for (int step = 0; step < 3000; ++step) {
    if (random() % 2 == 0) {
      const std::string bytes(random() % (step % 100 == 0 ? 100'000 : 500),
                              static_cast<char>('a' + step % 26));
      Put(queue, bytes);
      model += bytes;
    } else {
      const std::string taken = TakeSome(queue, random() % 2000);
      ASSERT_EQ(taken, model.substr(0, taken.size()));
      model.erase(0, taken.size());
    }
    if (step % 500 == 0) queue.Release();
    ASSERT_EQ(queue.size(), model.size());
  }
}

}  // namespace
}  // namespace troupe::internal
