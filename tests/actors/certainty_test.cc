#include "troupe/actors/certainty.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace troupe {
namespace {

using ::testing::HasSubstr;

constexpr Certainty kAll[] = {Certainty::kNotSent, Certainty::kNotExecuted,
                              Certainty::kMaybeExecuted};

TEST(CertaintyTest, IsReadBackFromTheStatus) {
  for (const Certainty certainty : kAll) {
    const absl::Status status = WithCertainty(absl::UnavailableError("gone"), certainty);
    EXPECT_TRUE(HasCertainty(status));
    EXPECT_EQ(CertaintyOf(status), certainty);
  }
}

TEST(CertaintyTest, ThePrintedStatusSaysItInWords) {
  for (const Certainty certainty : kAll) {
    const absl::Status status = WithCertainty(absl::UnavailableError("gone"), certainty);
    EXPECT_THAT(status.ToString(), HasSubstr("UNAVAILABLE: gone [troupe/certainty='" +
                                             std::string(ToString(certainty)) + "']"));
  }
}

TEST(CertaintyTest, TheLastOneStands) {
  const absl::Status once = WithCertainty(absl::UnavailableError("gone"), Certainty::kNotSent);
  EXPECT_EQ(CertaintyOf(WithCertainty(once, Certainty::kMaybeExecuted)), Certainty::kMaybeExecuted);
}

TEST(CertaintyTest, WhatSaysNothingMayHaveBeenExecuted) {
  EXPECT_FALSE(HasCertainty(absl::UnavailableError("gone")));
  EXPECT_EQ(CertaintyOf(absl::UnavailableError("gone")), Certainty::kMaybeExecuted);
}

TEST(CertaintyTest, OkStaysOk) {
  const absl::Status ok = WithCertainty(absl::OkStatus(), Certainty::kNotSent);
  EXPECT_TRUE(ok.ok());
  EXPECT_FALSE(HasCertainty(ok));
}

}  // namespace
}  // namespace troupe
