// Each mistake that a .proto can have, and where the error says it is.

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "troupe/tests/proto/generator_fixture.h"

namespace troupe::codegen {
namespace {

using testing::AllOf;
using testing::Eq;
using testing::HasSubstr;
using testing::StartsWith;

// Line 1 of what follows is line 8 of the file.
constexpr std::string_view kHead = R"(syntax = "proto3";
package bank;
import "google/protobuf/empty.proto";
import "troupe/proto/options.proto";
message Note {}
message Balance {}

)";

std::string ErrorOf(const std::string& name, const std::string& text) {
  GeneratorFixture fixture;
  fixture.Add(name, text);
  return fixture.Run(name).error;
}

// Of bank.proto with this behind its head.
std::string ErrorOf(std::string_view text) {
  return ErrorOf("bank.proto", std::string(kHead) + std::string(text));
}

// Of a service with this rpc in line 9.
std::string ErrorOfRpc(std::string_view rpc) {
  return ErrorOf("service Account {\n  " + std::string(rpc) + "\n}\n");
}

TEST(ServiceRulesTest, AServiceWithoutMistakesIsGenerated) {
  EXPECT_THAT(ErrorOfRpc("rpc Get(Note) returns (Balance);"), Eq(""));
}

TEST(ServiceRulesTest, RequestStreamsAreRefused) {
  EXPECT_THAT(ErrorOfRpc("rpc Put(stream Note) returns (Balance);"),
              Eq("bank.proto:9:3: rpc Account.Put: the request is a stream; only a response may be "
                 "one"));
  EXPECT_THAT(ErrorOfRpc("rpc Talk(stream Note) returns (stream Balance);"),
              StartsWith("bank.proto:9:3: rpc Account.Talk: the request is a stream"));
}

TEST(ServiceRulesTest, OnewayReturnsEmpty) {
  EXPECT_THAT(ErrorOfRpc("rpc Audit(Note) returns (Balance) { option (troupe.oneway) = true; }"),
              Eq("bank.proto:9:3: rpc Account.Audit: (troupe.oneway) has no response, so it must "
                 "return google.protobuf.Empty, not bank.Balance"));
}

TEST(ServiceRulesTest, OnewayHasNoStream) {
  EXPECT_THAT(ErrorOfRpc("rpc Audit(Note) returns (stream google.protobuf.Empty) {\n"
                         "    option (troupe.oneway) = true;\n  }"),
              Eq("bank.proto:9:3: rpc Account.Audit: (troupe.oneway) with a stream as the "
                 "response"));
}

TEST(ServiceRulesTest, OnewayIsNeverRepeated) {
  EXPECT_THAT(ErrorOfRpc("rpc Audit(Note) returns (google.protobuf.Empty) {\n"
                         "    option (troupe.oneway) = true;\n"
                         "    option (troupe.idempotent) = true;\n  }"),
              StartsWith("bank.proto:9:3: rpc Account.Audit: (troupe.idempotent)"));
}

TEST(ServiceRulesTest, OnewayMayInterleave) {
  EXPECT_THAT(ErrorOfRpc("rpc Audit(Note) returns (google.protobuf.Empty) {\n"
                         "    option (troupe.oneway) = true;\n"
                         "    option (troupe.interleave) = true;\n  }"),
              Eq(""));
}

TEST(ServiceRulesTest, EmptyResponseAloneIsNotOneway) {
  EXPECT_THAT(ErrorOfRpc("rpc Close(Note) returns (google.protobuf.Empty) {\n"
                         "    option (troupe.idempotent) = true;\n  }"),
              Eq(""));
}

TEST(ServiceRulesTest, StreamsCannotRefuseToInterleave) {
  EXPECT_THAT(ErrorOfRpc("rpc Watch(Note) returns (stream Balance) {\n"
                         "    option (troupe.interleave) = false;\n  }"),
              StartsWith("bank.proto:9:3: rpc Account.Watch: (troupe.interleave) = false"));
}

TEST(ServiceRulesTest, GenericServicesAreRefused) {
  EXPECT_THAT(ErrorOf("option cc_generic_services = true;\nservice Account {}\n"),
              StartsWith("bank.proto:8:1: cc_generic_services "));
}

TEST(ServiceRulesTest, LiteMessagesAreRefused) {
  EXPECT_THAT(ErrorOf("option optimize_for = LITE_RUNTIME;\nservice Account {}\n"),
              StartsWith("bank.proto:8:1: optimize_for = LITE_RUNTIME "));
}

TEST(ServiceRulesTest, AllMistakesAreNamedAtOnce) {
  EXPECT_THAT(ErrorOf("service Account {\n"
                      "  rpc Put(stream Note) returns (Balance);\n"
                      "  rpc Get(Note) returns (Balance);\n"
                      "  rpc On(Note) returns (Balance);\n"
                      "}\n"),
              AllOf(StartsWith("bank.proto:9:3: "), HasSubstr("\nbank.proto:11:3: ")));
}

TEST(ServiceRulesTest, ParametersAreRefused) {
  GeneratorFixture fixture;
  fixture.Add("a.proto", "syntax = \"proto3\";\n");
  EXPECT_THAT(fixture.Run("a.proto", "mock").error, HasSubstr("unknown parameter 'mock'"));
}

TEST(ServiceRulesTest, ServiceAndMessageOfOneNameAreRefusedByProtoc) {
  EXPECT_THAT(ErrorOf("service Note {}\n"), StartsWith("protoc: bank.proto:8:"));
}

// --- Two rpcs of one service that a peer could not tell apart. ---

TEST(ServiceRulesTest, F152_FingerprintsOfAServiceAreDifferent) {
  const std::string rpcs =
      "  rpc TransferOldBatch(Note) returns (Balance);\n"
      "  rpc HideSmallPrice(Note) returns (Balance);\n}\n";
  EXPECT_THAT(
      ErrorOf("service Account {\n" + rpcs),
      Eq("bank.proto:10:3: rpc Account.HideSmallPrice: other nodes know it by a fingerprint "
         "(FNV-1a of \"<service>/<rpc>\"), and that of TransferOldBatch is the same; rename "
         "one of them"));
  EXPECT_THAT(ErrorOf("service Ledger {\n" + rpcs), Eq(""));
}

// --- Fault F11: messages in MessageSet format escape protobuf's limit of depth. ---

constexpr std::string_view kSets = R"(syntax = "proto2";
package old;
message Set {
  option message_set_wire_format = true;
  extensions 4 to max;
}
message Holder {
  repeated Holder more = 1;
  map<string, Set> sets = 2;
}
message Open {
  extensions 100 to 200;
}
extend Open {
  optional Set set = 100;
}
message Item {}
extend Set {
  optional Item item = 4;
}
)";

std::string ErrorOfUsing(const std::string& request, const std::string& response) {
  GeneratorFixture fixture;
  fixture.Add("old.proto", kSets);
  fixture.Add("bank.proto",
              "syntax = \"proto2\";\npackage bank;\nimport \"old.proto\";\n"
              "service Account {\n  rpc Get(" +
                  request + ") returns (" + response + ");\n}\n");
  return fixture.Run("bank.proto").error;
}

TEST(ServiceRulesTest, F11_MessageSetIsRefused) {
  EXPECT_THAT(ErrorOfUsing("old.Set", "old.Item"),
              Eq("bank.proto:5:3: rpc Account.Get: old.Set may contain old.Set (old.proto:3:1), "
                 "which has message_set_wire_format"));
}

TEST(ServiceRulesTest, F11_MessageSetInAResponseIsRefused) {
  EXPECT_THAT(ErrorOfUsing("old.Item", "old.Set"), StartsWith("bank.proto:5:3: rpc Account.Get"));
}

TEST(ServiceRulesTest, F11_MessageSetInAFieldOrAMapIsRefused) {
  EXPECT_THAT(ErrorOfUsing("old.Holder", "old.Item"),
              HasSubstr("old.Holder may contain old.Set (old.proto:3:1)"));
}

TEST(ServiceRulesTest, F11_MessageSetInAnExtensionIsRefused) {
  EXPECT_THAT(ErrorOfUsing("old.Open", "old.Item"),
              HasSubstr("old.Open may contain old.Set (old.proto:3:1)"));
}

TEST(ServiceRulesTest, F11_FileWithAMessageSetThatNoMethodUsesIsFine) {
  EXPECT_THAT(ErrorOfUsing("old.Item", "old.Item"), Eq(""));
}

}  // namespace
}  // namespace troupe::codegen
