#include "troupe/base/status_macros.h"

#include <memory>

#include "gtest/gtest.h"

namespace troupe {
namespace {

absl::Status PassOn(absl::Status status, bool* reached_end) {
  TROUPE_RETURN_IF_ERROR(status);
  *reached_end = true;
  return absl::OkStatus();
}

absl::StatusOr<int> Sum(absl::StatusOr<int> a, absl::StatusOr<int> b) {
  TROUPE_ASSIGN_OR_RETURN(const int first, a);
  TROUPE_ASSIGN_OR_RETURN(const int second, b);
  return first + second;
}

TEST(StatusMacrosTest, ReturnIfErrorGoesOnWhenOk) {
  bool reached_end = false;
  EXPECT_TRUE(PassOn(absl::OkStatus(), &reached_end).ok());
  EXPECT_TRUE(reached_end);
}

TEST(StatusMacrosTest, ReturnIfErrorReturnsTheError) {
  bool reached_end = false;
  EXPECT_EQ(PassOn(absl::NotFoundError("x"), &reached_end), absl::NotFoundError("x"));
  EXPECT_FALSE(reached_end);
}

TEST(StatusMacrosTest, AssignOrReturnUnwraps) { EXPECT_EQ(*Sum(2, 3), 5); }

TEST(StatusMacrosTest, AssignOrReturnReturnsTheFirstError) {
  EXPECT_EQ(Sum(absl::AbortedError("a"), absl::NotFoundError("b")).status(),
            absl::AbortedError("a"));
}

TEST(StatusMacrosTest, AssignOrReturnMovesTheValue) {
  const auto take = []() -> absl::StatusOr<int> {
    absl::StatusOr<std::unique_ptr<int>> made = std::make_unique<int>(4);
    TROUPE_ASSIGN_OR_RETURN(const std::unique_ptr<int> value, std::move(made));
    return *value;
  };
  EXPECT_EQ(*take(), 4);
}

}  // namespace
}  // namespace troupe
