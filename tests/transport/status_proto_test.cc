#include "troupe/transport/status_proto.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "troupe/actors/certainty.h"
#include "troupe/proto/wire.pb.h"

namespace troupe::internal {
namespace {

absl::Status Crossed(Certainty certainty) {
  return FromWire(ToWire(WithCertainty(absl::UnavailableError("gone"), certainty)));
}

TEST(StatusProtoTest, CertaintyCrosses) {
  EXPECT_EQ(CertaintyOf(Crossed(Certainty::kNotExecuted)), Certainty::kNotExecuted);
  EXPECT_EQ(CertaintyOf(Crossed(Certainty::kMaybeExecuted)), Certainty::kMaybeExecuted);
}

TEST(StatusProtoTest, WhatThePeerDidNotSendWasSentByItsClient) {
  EXPECT_EQ(CertaintyOf(Crossed(Certainty::kNotSent)), Certainty::kNotExecuted);
}

TEST(StatusProtoTest, TheStatusThatArrivesSaysItInWords) {
  EXPECT_EQ(Crossed(Certainty::kMaybeExecuted).ToString(),
            "UNAVAILABLE: gone [troupe/certainty='maybe executed']");
}

TEST(StatusProtoTest, NothingSaidStaysUnsaid) {
  const wire::Status wire = ToWire(absl::UnavailableError("gone"));
  EXPECT_EQ(wire.certainty(), wire::Status::CERTAINTY_UNSPECIFIED);
  EXPECT_FALSE(HasCertainty(FromWire(wire)));
}

}  // namespace
}  // namespace troupe::internal
