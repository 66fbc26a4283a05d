// Fault F152: names in .protos that compile with protobuf's headers compile behind the runtime's.

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "troupe/tests/proto/names/services.h"

namespace names {
namespace {

using testing::Contains;
using testing::ElementsAre;

TEST(NamesTest, F152_NamesOfLibcAndOfTheRuntimeAreFreeInAPackage) {
  EXPECT_THAT(ServicesWithAPackage(), Contains("connect.Box"));
  EXPECT_THAT(ServicesWithAPackage(), Contains("names.rpcs.Service"));
}

TEST(NamesTest, F152_NamesOfPosixAreFreeWithoutAPackage) {
  EXPECT_THAT(ServicesWithoutAPackage(), ElementsAre("Globals"));
}

}  // namespace
}  // namespace names
