#include "troupe/base/instant.h"

#include <cstdint>
#include <limits>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace troupe {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(InstantTest, WaitIsRoundedUpToWholeNanoseconds) {
  EXPECT_EQ(NanosRoundedUp(absl::Nanoseconds(1)), 1);
  EXPECT_EQ(NanosRoundedUp(absl::Nanoseconds(1) / 4), 1);
  EXPECT_EQ(NanosRoundedUp(absl::Nanoseconds(7) / 2), 4);
}

TEST(InstantTest, ZeroAndNegativeWaitsAreZero) {
  EXPECT_EQ(NanosRoundedUp(absl::ZeroDuration()), 0);
  EXPECT_EQ(NanosRoundedUp(absl::Nanoseconds(-1)), 0);
  EXPECT_EQ(NanosRoundedUp(-absl::Nanoseconds(1) / 4), 0);
  EXPECT_EQ(NanosRoundedUp(-absl::InfiniteDuration()), 0);
}

TEST(InstantTest, MillisecondCountsPast32BitsAreKept) {
  const int64_t int_max_plus_1 = int64_t{std::numeric_limits<int32_t>::max()} + 1;
  EXPECT_EQ(NanosRoundedUp(absl::Milliseconds(int_max_plus_1)), int_max_plus_1 * 1000000);
  EXPECT_EQ(NanosRoundedUp(absl::Milliseconds(int64_t{1} << 32)), (int64_t{1} << 32) * 1000000);
}

TEST(InstantTest, InfiniteWaitIsInfinite) {
  EXPECT_TRUE((Instant{5} + absl::InfiniteDuration()).is_infinite());
  EXPECT_TRUE((Instant{0} + absl::InfiniteDuration()).is_infinite());
}

TEST(InstantTest, SumSaturates) {
  EXPECT_TRUE((Instant{kMax - 10} + absl::Nanoseconds(11)).is_infinite());
  EXPECT_TRUE((Instant{10} + absl::Nanoseconds(kMax - 1)).is_infinite());
  EXPECT_EQ((Instant{10} + absl::Nanoseconds(kMax - 11)).nanos, kMax - 1);
}

TEST(InstantTest, InfinitePlusAnythingIsInfinite) {
  EXPECT_TRUE((Instant::Infinite() + absl::ZeroDuration()).is_infinite());
  EXPECT_TRUE((Instant::Infinite() + absl::Seconds(1)).is_infinite());
}

TEST(InstantTest, DifferenceIsADuration) {
  EXPECT_EQ(Instant{1500} - Instant{500}, absl::Microseconds(1));
  EXPECT_EQ(Instant{500} - Instant{1500}, -absl::Microseconds(1));
  EXPECT_EQ(Instant::Infinite() - Instant{7}, absl::InfiniteDuration());
}

}  // namespace
}  // namespace troupe
