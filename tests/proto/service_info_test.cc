// What the runtime knows of a generated service.

#include <cstdint>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "tests/proto/atlas.troupe.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"
#include "troupe/actors/typing/method.h"

namespace maps {
namespace {

using atlas::Atlas;
using shapes::flat::Shape;
using troupe::internal::MethodInfo;
using troupe::internal::MethodKind;

TEST(ServiceInfoTest, MethodsAreInTheOrderOfTheProto) {
  EXPECT_EQ(Atlas::kServiceInfo.name, "maps.atlas.Atlas");
  ASSERT_EQ(Atlas::kServiceInfo.methods.size(), 7);
  uint32_t index = 0;
  for (const MethodInfo* method : Atlas::kServiceInfo.methods) {
    EXPECT_EQ(method->index, index++);
    EXPECT_EQ(method->service, "maps.atlas.Atlas");
    EXPECT_EQ(method->type->method, method);
  }
  EXPECT_EQ(Atlas::kServiceInfo.methods[1]->name, "Corner");
  EXPECT_EQ(Atlas::kServiceInfo.methods[1]->type->name, "maps.atlas.Atlas.Corner");
}

TEST(ServiceInfoTest, OptionsOfMethodsAreKnown) {
  const auto methods = Atlas::kServiceInfo.methods;
  EXPECT_TRUE(methods[1]->idempotent);
  EXPECT_FALSE(methods[0]->idempotent);
  EXPECT_EQ(methods[0]->kind, MethodKind::kUnary);
  EXPECT_EQ(methods[2]->kind, MethodKind::kUnary);
  EXPECT_EQ(methods[3]->kind, MethodKind::kOneway);
  EXPECT_TRUE(methods[4]->interleave);
  EXPECT_EQ(methods[5]->kind, MethodKind::kServerStream);
}

TEST(ServiceInfoTest, ServiceMayHaveNoMethods) {
  EXPECT_EQ(atlas::Idle::kServiceInfo.name, "maps.atlas.Idle");
  EXPECT_TRUE(atlas::Idle::kServiceInfo.methods.empty());
}

TEST(ServiceInfoTest, ResponseIsTheSameBehindTheWire) {
  const MethodInfo& corner = *Atlas::kServiceInfo.methods[1];
  Shape::Corner sent;
  sent.set_x(300);
  std::string bytes(corner.response_size(&sent), '\0');
  corner.write_response(&sent, bytes.data());
  EXPECT_EQ(bytes, sent.SerializeAsString());
  int32_t x = 0;
  EXPECT_TRUE(corner.parse_response(
      bytes, [&](void* value) { x = static_cast<Shape::Corner*>(value)->x(); }));
  EXPECT_EQ(x, 300);
  EXPECT_GE(corner.response_space(&sent), sizeof(sent));
}

TEST(ServiceInfoTest, BytesThatAreNoMessageAreRefused) {
  const MethodInfo& corner = *Atlas::kServiceInfo.methods[1];
  const std::string truncated = "\x08";
  EXPECT_FALSE(corner.parse_response(truncated, [](void*) { FAIL(); }));
  // A request is parsed into an envelope of the shard it comes to.
  auto system = troupe::System::Start({.shards = 1});
  ASSERT_TRUE(system.ok()) << system.status();
  const std::unique_ptr<troupe::Event> done = (*system)->runtime().platform().MakeEvent();
  (*system)->runtime().PostSurely((*system)->runtime().shard(0), [&] {
    EXPECT_EQ(corner.parse_request(truncated), nullptr);
    done->Notify();
  });
  EXPECT_TRUE(done->WaitUntil(troupe::Instant::Infinite()));
}

TEST(ServiceInfoTest, F130_EmptyResponseIsNothingOnTheWire) {
  for (int index : {2, 3}) {
    EXPECT_EQ(Atlas::kServiceInfo.methods[index]->parse_response, nullptr);
    EXPECT_NE(Atlas::kServiceInfo.methods[index]->parse_request, nullptr);
  }
}

}  // namespace
}  // namespace maps
