#include "troupe/transport/request_table.h"

#include <vector>

#include "gtest/gtest.h"

namespace troupe::internal {
namespace {

Request Ask(uint64_t ask, uint16_t shard = 0) {
  Request request;
  request.ask = ask;
  request.asker_shard = shard;
  return request;
}

TEST(RequestTableTest, IdIsNeverGivenTwice) {
  RequestTable table(2);
  const uint64_t first = table.Add(Ask(5));
  ASSERT_NE(first, 0);
  table.Remove(first);
  const uint64_t second = table.Add(Ask(6));
  EXPECT_NE(second, first);
  EXPECT_EQ(second & RequestTable::kNone, first & RequestTable::kNone) << "the place is used again";
  EXPECT_EQ(table.Find(first), nullptr);
  EXPECT_EQ(table.Find(second)->ask, 6);
}

TEST(RequestTableTest, RefusesAtItsBound) {
  RequestTable table(2);
  EXPECT_NE(table.Add(Ask(1)), 0);
  EXPECT_NE(table.Add(Ask(2)), 0);
  EXPECT_EQ(table.Add(Ask(3)), 0);
}

TEST(RequestTableTest, ForgedIdsFindNothing) {
  RequestTable table(10);
  const uint64_t id = table.Add(Ask(1));
  for (const uint64_t forged :
       {uint64_t{0}, id + 1, id + (1 << 24), ~uint64_t{0}, id ^ (uint64_t{1} << 63)}) {
    EXPECT_EQ(table.Find(forged), nullptr);
  }
}

TEST(RequestTableTest, FindsTheIdOfAnAsk) {
  RequestTable table(10);
  const uint64_t one = table.Add(Ask(7, 0));
  const uint64_t other = table.Add(Ask(7, 3));
  EXPECT_EQ(table.IdOf(0, 7), one);
  EXPECT_EQ(table.IdOf(3, 7), other);
  EXPECT_EQ(table.IdOf(1, 7), 0);
  EXPECT_EQ(table.IdOf(9, 7), 0);
  EXPECT_EQ(table.IdOf(0, 8), 0);
  table.Remove(one);
  EXPECT_EQ(table.IdOf(0, 7), 0);
}

TEST(RequestTableTest, TakesAllInOrder) {
  RequestTable table(10);
  for (uint64_t ask = 1; ask <= 5; ++ask) table.Add(Ask(ask));
  table.Remove(table.IdOf(0, 3));
  std::vector<uint64_t> asks;
  table.TakeAll([&](const Request& request) { asks.push_back(request.ask); });
  EXPECT_EQ(asks, (std::vector<uint64_t>{1, 2, 4, 5}));
  EXPECT_EQ(table.count(), 0);
}

}  // namespace
}  // namespace troupe::internal
