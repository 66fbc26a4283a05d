#include "troupe/base/check.h"

#include "gtest/gtest.h"

namespace troupe {
namespace {

TEST(CheckTest, TrueConditionHasNoEffect) {
  int evaluations = 0;
  TROUPE_CHECK(++evaluations == 1);
  EXPECT_EQ(evaluations, 1);
}

TEST(CheckDeathTest, FalseConditionNamesFileAndExpression) {
  EXPECT_DEATH(TROUPE_CHECK(1 + 1 == 3), "check_test.cc:[0-9]+: CHECK failed: 1 \\+ 1 == 3");
}

TEST(CheckDeathTest, MessageFollowsTheExpression) {
  EXPECT_DEATH(TROUPE_CHECK_MSG(false, "the ring is gone"),
               "CHECK failed: false: the ring is gone");
}

TEST(CheckTest, UsableInAnExpression) {
  const int value = (TROUPE_CHECK(true), 7);
  EXPECT_EQ(value, 7);
}

}  // namespace
}  // namespace troupe
