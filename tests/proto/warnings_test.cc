// What protoc-gen-troupe writes compiles without a warning of those that users turn on; see the
// flags in BUILD. What it includes, of protobuf's and of the runtime's, is not judged here.

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Woverloaded-virtual"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "gtest/gtest.h"
#include "tests/proto/atlas.pb.h"
#include "tests/proto/shapes.pb.h"
#include "troupe/actors/service.h"
#include "troupe/actors/service_oneway.h"
#pragma GCC diagnostic pop

#include "tests/proto/atlas.troupe.cc"  // NOLINT: its code is what is compiled here.

namespace maps::atlas {
namespace {

// Each shape of rpc is in it.
TEST(WarningsTest, GeneratedCodeHasNone) {
  EXPECT_EQ(Atlas::kServiceInfo.methods.size(), 7);
  EXPECT_EQ(Gazetteer::kServiceInfo.name, "maps.atlas.Gazetteer");
}

}  // namespace
}  // namespace maps::atlas
