// Fault F152: names of <signal.h>, as those of other headers in names_test.cc.

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "troupe/tests/proto/names/services.h"

namespace names {
namespace {

using testing::ElementsAre;

TEST(SignalNamesTest, F152_SignalsAreFreeInAPackageAndAsOne) {
  EXPECT_THAT(ServicesNamedAsSignals(),
              ElementsAre("signal.Box", "kill.Box", "raise.Box", "names.signal_macros.Signals"));
}

TEST(SignalNamesTest, F152_SignalsAreFreeWithoutAPackage) {
  EXPECT_THAT(ServicesNamedAsSignalsWithoutAPackage(), ElementsAre("SignalGlobals"));
}

}  // namespace
}  // namespace names
