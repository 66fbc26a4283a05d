#include "troupe/base/strong_id.h"

#include <type_traits>
#include <unordered_set>

#include "absl/hash/hash.h"
#include "gtest/gtest.h"

namespace troupe {
namespace {

using FooId = StrongId<struct FooTag>;
using BarId = StrongId<struct BarTag, uint32_t>;

static_assert(!std::is_convertible_v<uint64_t, FooId>);
static_assert(!std::is_convertible_v<FooId, uint64_t>);
static_assert(!std::is_constructible_v<FooId, BarId>);
static_assert(std::is_trivially_copyable_v<FooId>);
static_assert(sizeof(BarId) == sizeof(uint32_t));

TEST(StrongIdTest, DefaultIsNone) {
  EXPECT_FALSE(FooId());
  EXPECT_TRUE(FooId(1));
}

TEST(StrongIdTest, ComparesByValue) {
  EXPECT_EQ(FooId(3), FooId(3));
  EXPECT_NE(FooId(3), FooId(4));
  EXPECT_LT(FooId(3), FooId(4));
}

TEST(StrongIdTest, HashesByValue) {
  EXPECT_EQ(absl::Hash<FooId>()(FooId(3)), absl::Hash<FooId>()(FooId(3)));
  EXPECT_NE(absl::Hash<FooId>()(FooId(3)), absl::Hash<FooId>()(FooId(4)));
}

TEST(StrongIdTest, KeysOfTheStandardsContainers) {
  const std::unordered_set<FooId> ids = {FooId(3), FooId(4), FooId(3)};
  EXPECT_EQ(ids.size(), 2u);
  EXPECT_TRUE(ids.contains(FooId(4)));
}

}  // namespace
}  // namespace troupe
