// What the generated header and source say, for who reads them.

#include <set>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "troupe/tests/proto/generator_fixture.h"

namespace troupe::codegen {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kBank = R"(syntax = "proto3";
package shop.bank;
import "google/protobuf/empty.proto";
import "money.proto";
import "troupe/proto/options.proto";
message Note {
  message Line { string text = 1; }
}

// Detached: of nothing.

// Keeps money.
//
//   indented \
service Account {
  // Adds to it.
  rpc Deposit(money.Cents) returns (money.Balance);
  rpc Audit(Note.Line) returns (google.protobuf.Empty) {  // Says $nothing$.
    option (troupe.oneway) = true;
  }
  /* Each change. */
  rpc Watch(Note) returns (stream money.Balance);
}
service Vault {
  rpc Close(Note) returns (google.protobuf.Empty);
  rpc Ticks(Note) returns (stream google.protobuf.Empty);
}
)";
constexpr std::string_view kMoney = R"(syntax = "proto3";
package money;
message Cents {}
message Balance {}
)";

std::string Make(const std::string& file) {
  GeneratorFixture fixture;
  fixture.Add("bank.proto", kBank);
  fixture.Add("money.proto", kMoney);
  Generated made = fixture.Run("bank.proto");
  EXPECT_EQ(made.error, "");
  EXPECT_EQ(made.files.size(), 2);
  return made.files[file];
}

TEST(GeneratedCodeTest, OfAFileThatImportsHandlesBringsTheirConversions) {
  GeneratorFixture fixture;
  fixture.Add("troupe/proto/ref.proto", R"(syntax = "proto3";
package troupe;
message ActorRef {}
)");
  fixture.Add("join.proto", R"(syntax = "proto3";
package chat;
import "troupe/proto/ref.proto";
message Join { troupe.ActorRef member = 1; }
)");
  Generated made = fixture.Run("join.proto");
  EXPECT_EQ(made.error, "");
  EXPECT_THAT(made.files["join.troupe.h"],
              HasSubstr("#include \"troupe/transport/ref_proto.h\"\n"));
  EXPECT_THAT(Make("bank.troupe.h"), Not(HasSubstr("ref_proto.h")));
}

TEST(GeneratedCodeTest, HeaderIncludesTheMessagesOfAllMethods) {
  const std::string header = Make("bank.troupe.h");
  for (const char* included :
       {"bank.pb.h", "money.pb.h", "google/protobuf/empty.pb.h", "troupe/actors/service.h"}) {
    EXPECT_THAT(header, HasSubstr("#include \"" + std::string(included) + "\"\n"));
  }
  EXPECT_THAT(header, Not(HasSubstr("options.pb.h")));
}

// Everything that a file with this service includes.
std::set<std::string> IncludesOf(const std::string& rpcs) {
  GeneratorFixture fixture;
  fixture.Add("bank.proto",
              "syntax = \"proto3\";\nimport \"google/protobuf/empty.proto\";\n"
              "import \"troupe/proto/options.proto\";\n"
              "message Note {}\nservice Account {\n" +
                  rpcs + "}\n");
  const Generated made = fixture.Run("bank.proto");
  EXPECT_EQ(made.error, "");
  std::set<std::string> includes;
  for (const auto& [name, text] : made.files) {
    const std::string head = "#include ";
    for (size_t at = text.find(head); at != std::string::npos; at = text.find(head, at + 1)) {
      const size_t start = at + head.size();
      includes.insert(text.substr(start, text.find('\n', start) - start));
    }
  }
  return includes;
}

TEST(GeneratedCodeTest, IncludesAreThoseThatItsRpcsNeed) {
  using testing::UnorderedElementsAre;
  EXPECT_THAT(IncludesOf(""),
              UnorderedElementsAre("<concepts>", "<type_traits>", "\"bank.pb.h\"",
                                   "\"bank.troupe.h\"", "\"troupe/actors/service.h\""));
  EXPECT_THAT(
      IncludesOf("rpc Close(Note) returns (google.protobuf.Empty);\n"),
      UnorderedElementsAre("<concepts>", "<type_traits>", "<utility>", "\"absl/status/status.h\"",
                           "\"bank.pb.h\"", "\"bank.troupe.h\"", "\"troupe/actors/service.h\""));
  EXPECT_THAT(
      IncludesOf("rpc Get(Note) returns (Note);\n"),
      UnorderedElementsAre("<concepts>", "<type_traits>", "<utility>", "\"absl/status/statusor.h\"",
                           "\"bank.pb.h\"", "\"bank.troupe.h\"", "\"troupe/actors/service.h\""));
  EXPECT_THAT(IncludesOf("rpc Audit(Note) returns (google.protobuf.Empty) {\n"
                         "  option (troupe.oneway) = true;\n}\n"),
              testing::Contains("\"troupe/actors/service_oneway.h\""));
}

TEST(GeneratedCodeTest, PackageIsTheNamespace) {
  EXPECT_THAT(Make("bank.troupe.h"), HasSubstr("\nnamespace shop::bank {\n"));
}

TEST(GeneratedCodeTest, CommentOfTheServiceIsAboveItsClass) {
  // The backslash must not make the next line part of the comment.
  EXPECT_THAT(Make("bank.troupe.h"),
              HasSubstr("\n\n// Keeps money.\n//\n//   indented \\ //\nclass Account {\n"));
}

TEST(GeneratedCodeTest, HandleHasAMethodForEachRpc) {
  const std::string header = Make("bank.troupe.h");
  EXPECT_THAT(header, HasSubstr("  // Adds to it.\n"
                                "  ::troupe::Call<::money::Balance> Deposit(\n"
                                "      const ::money::Cents& request) const;\n"
                                "  ::troupe::Call<::money::Balance> Deposit(\n"
                                "      ::money::Cents&& request) const;\n"));
  EXPECT_THAT(header, HasSubstr("  ::troupe::SendResult Audit(\n"
                                "      const ::shop::bank::Note_Line& request) const;\n"
                                "  ::troupe::SendResult Audit(\n"
                                "      const ::shop::bank::Note_Line& request, ::troupe::Tag tag) "
                                "const;\n"
                                "  ::troupe::SendResult Audit(\n"
                                "      ::shop::bank::Note_Line&& request) const;\n"
                                "  ::troupe::SendResult Audit(\n"
                                "      ::shop::bank::Note_Line&& request, ::troupe::Tag tag) "
                                "const;\n"));
  EXPECT_THAT(header, HasSubstr("  // Each change.\n"
                                "  ::troupe::Stream<::money::Balance> Watch(\n"
                                "      const ::shop::bank::Note& request) const;\n"
                                "  ::troupe::Stream<::money::Balance> Watch(\n"
                                "      ::shop::bank::Note&& request) const;\n"));
}

TEST(GeneratedCodeTest, ActorHasAHandlerForEachRpc) {
  EXPECT_THAT(
      Make("bank.troupe.h"),
      HasSubstr("class Account::Actor : public ::troupe::Actor {\n"
                " public:\n"
                "  using Service = ::shop::bank::Account;\n"
                "\n"
                "  // Adds to it.\n"
                "  virtual ::troupe::Reply<::money::Balance> Deposit(\n"
                "      ::troupe::Context& cx, const ::money::Cents& request) = 0;\n"
                "\n"
                "  // Says $nothing$.\n"
                "  virtual ::troupe::Reply<void> Audit(\n"
                "      ::troupe::Context& cx, const ::shop::bank::Note_Line& request) = 0;\n"
                "\n"
                "  // Each change.\n"
                "  virtual ::troupe::Reply<void> Watch(\n"
                "      ::troupe::Context& cx, const ::shop::bank::Note& request,\n"
                "      ::troupe::Sink<::money::Balance> out) = 0;\n"
                "};\n"));
}

TEST(GeneratedCodeTest, WorkerHasAHandlerForEachRpcWithoutAStream) {
  EXPECT_THAT(
      Make("bank.troupe.h"),
      HasSubstr("class Account::Worker : public ::troupe::Worker {\n"
                " public:\n"
                "  using Service = ::shop::bank::Account;\n"
                "\n"
                "  // Adds to it.\n"
                "  virtual ::absl::StatusOr<::money::Balance> Deposit(\n"
                "      ::troupe::WorkerContext& cx, const ::money::Cents& request) = 0;\n"
                "\n"
                "  // Says $nothing$.\n"
                "  virtual ::absl::Status Audit(\n"
                "      ::troupe::WorkerContext& cx, const ::shop::bank::Note_Line& request) = 0;\n"
                "};\n"));
}

// --- Fault F130: a response that is google.protobuf.Empty is no value. ---

TEST(GeneratedCodeTest, F130_EmptyResponseIsVoid) {
  const std::string header = Make("bank.troupe.h");
  EXPECT_THAT(header, HasSubstr("  ::troupe::Call<void> Close(\n"
                                "      const ::shop::bank::Note& request) const;\n"));
  EXPECT_THAT(header,
              HasSubstr("  virtual ::troupe::Reply<void> Close(\n"
                        "      ::troupe::Context& cx, const ::shop::bank::Note& request) = 0;\n"));
  EXPECT_THAT(
      header,
      HasSubstr("  virtual ::absl::Status Close(\n"
                "      ::troupe::WorkerContext& cx, const ::shop::bank::Note& request) = 0;\n"));
  const std::string source = Make("bank.troupe.cc");
  EXPECT_THAT(source, HasSubstr("WireMethod<::shop::bank::Note, void,\n"
                                "        &Methods::kCloseMessage>"));
}

TEST(GeneratedCodeTest, F130_ItemsOfAStreamMayBeEmpty) {
  const std::string header = Make("bank.troupe.h");
  EXPECT_THAT(header, HasSubstr("  ::troupe::Stream<::google::protobuf::Empty> Ticks(\n"));
  EXPECT_THAT(header, HasSubstr("      ::troupe::Sink<::google::protobuf::Empty> out) = 0;\n"));
}

TEST(GeneratedCodeTest, AllStaticDataIsConstantInitialised) {
  const std::string source = Make("bank.troupe.cc");
  size_t definitions = 0;
  size_t line_start = 0;
  while ((line_start = source.find("\nconstinit const ::troupe::internal::", line_start)) !=
         std::string::npos) {
    ++definitions;
    ++line_start;
  }
  // Two for each rpc, and for each service its list of them and itself. The compiler checks that
  // constinit is kept.
  EXPECT_EQ(definitions, 3 * 2 + 2 + 2 * 2 + 2);
  EXPECT_THAT(source, Not(HasSubstr("\nconst ")));
}

TEST(GeneratedCodeTest, FileWithoutServicesHasMessagesOnly) {
  GeneratorFixture fixture;
  fixture.Add("a/money.proto", kMoney);
  Generated made = fixture.Run("a/money.proto");
  EXPECT_EQ(made.error, "");
  EXPECT_THAT(made.files["a/money.troupe.h"], HasSubstr("#include \"a/money.pb.h\"\n"));
  EXPECT_THAT(made.files["a/money.troupe.h"], Not(HasSubstr("troupe/actors")));
  EXPECT_THAT(made.files["a/money.troupe.cc"],
              StartsWith("// Generated from a/money.proto by protoc-gen-troupe.\n"
                         "#include \"a/money.troupe.h\"\n"));
}

TEST(GeneratedCodeTest, FilesWhoseNamesDifferInPunctuationHaveGuardsOfTheirOwn) {
  GeneratorFixture fixture;
  fixture.Add("a_b.proto", kMoney);
  fixture.Add("a/b.proto", kMoney);
  const std::string one = fixture.Run("a_b.proto").files["a_b.troupe.h"];
  const std::string other = fixture.Run("a/b.proto").files["a/b.troupe.h"];
  EXPECT_THAT(one, HasSubstr("#ifndef TROUPE_GENERATED_a_5fb_2eproto\n"));
  EXPECT_THAT(other, HasSubstr("#ifndef TROUPE_GENERATED_a_2fb_2eproto\n"));
}

}  // namespace
}  // namespace troupe::codegen
