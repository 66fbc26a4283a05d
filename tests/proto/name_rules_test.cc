// Fault F152: each name that compiles in protobuf's C++ and not in a service's is refused, and the
// error says where it is.

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

class NameOfRpcTest : public testing::TestWithParam<const char*> {};

TEST_P(NameOfRpcTest, IsRefused) {
  const std::string name = GetParam();
  EXPECT_THAT(ErrorOfRpc("rpc " + name + "(Note) returns (Balance);"),
              AllOf(StartsWith("bank.proto:9:3: rpc Account." + name + ": "),
                    testing::Not(HasSubstr("\n"))));
}

INSTANTIATE_TEST_SUITE_P(MembersOfHandlersAndHandles, NameOfRpcTest,
                         testing::Values("On", "OnStart", "OnStop", "Send", "Actor", "Worker",
                                         "Ref", "AnyRef", "Service", "kServiceInfo", "system",
                                         "incarnation", "generation", "slot", "shard", "ToString"));
INSTANTIATE_TEST_SUITE_P(ReservedWords, NameOfRpcTest,
                         testing::Values("delete", "class", "co_await", "requires", "xor_eq",
                                         "alignas", "typeof"));
INSTANTIATE_TEST_SUITE_P(MacrosOfLibc, NameOfRpcTest,
                         testing::Values("EOF", "NULL", "assert", "errno", "stdin", "major",
                                         "minor", "makedev", "isset", "sa_handler", "SIGHUP",
                                         "EINTR", "INT_MAX", "UINT64_C", "PRIu64", "SYS_write",
                                         "CPU_SET", "NAN", "M_PIf32", "timeradd", "unix"));

class NameOfServiceTest : public testing::TestWithParam<const char*> {};

TEST_P(NameOfServiceTest, IsRefused) {
  const std::string name = GetParam();
  EXPECT_THAT(
      ErrorOf("service " + name + " {\n  rpc Get(Note) returns (Balance);\n}\n"),
      AllOf(StartsWith("bank.proto:8:1: service " + name + ": "), testing::Not(HasSubstr("\n"))));
}

INSTANTIATE_TEST_SUITE_P(MembersOfTheClass, NameOfServiceTest,
                         testing::Values("Actor", "Worker", "Ref", "Methods", "kServiceInfo"));
INSTANTIATE_TEST_SUITE_P(ReservedWords, NameOfServiceTest,
                         testing::Values("class", "co_yield", "std"));
INSTANTIATE_TEST_SUITE_P(MacrosOfLibc, NameOfServiceTest,
                         testing::Values("EOF", "errno", "SIGHUP", "NAN", "major"));

TEST(NameRulesTest, RpcMayBeCalledAsItsService) {
  EXPECT_THAT(ErrorOfRpc("rpc Account(Note) returns (Balance);"), Eq(""));
}

TEST(NameRulesTest, ServiceCannotHaveTheNameOfANestedMessagesClass) {
  EXPECT_THAT(ErrorOf("message Outer { message Inner {} }\n"
                      "service Outer_Inner {}\n"),
              StartsWith("bank.proto:9:1: service Outer_Inner: protobuf's C++ code has "));
}

TEST(NameRulesTest, ServiceCannotHaveTheNameOfAnEnumsHelpers) {
  for (const char* name : {"Color_Name", "Color_MAX", "Color_INT_MIN_SENTINEL_DO_NOT_USE_",
                           "Outer_Kind", "Outer_Kind_WIDE", "class_"}) {
    EXPECT_THAT(ErrorOf("enum Color { RED = 0; class = 1; }\n"
                        "message Outer { enum Kind { WIDE = 0; } }\n"
                        "service " +
                        std::string(name) + " {}\n"),
                StartsWith("bank.proto:10:1: service " + std::string(name) + ": "));
  }
}

TEST(NameRulesTest, ServiceCannotHaveTheNameOfAClassInAnImportOfItsPackage) {
  GeneratorFixture fixture;
  fixture.Add("outer.proto",
              "syntax = \"proto3\";\npackage bank;\nmessage Outer { message Inner {} }\n");
  fixture.Add("bank.proto",
              "syntax = \"proto3\";\npackage bank;\nimport \"outer.proto\";\n"
              "service Outer_Inner {}\n");
  EXPECT_THAT(fixture.Run("bank.proto").error, StartsWith("bank.proto:4:1: service Outer_Inner: "));
}

TEST(NameRulesTest, ServiceMayHaveTheNameOfAClassInAnotherPackage) {
  GeneratorFixture fixture;
  fixture.Add("outer.proto",
              "syntax = \"proto3\";\npackage shapes;\nmessage Outer { message Inner {} }\n");
  fixture.Add("bank.proto",
              "syntax = \"proto3\";\npackage bank;\nimport \"outer.proto\";\n"
              "service Outer_Inner {}\n");
  EXPECT_THAT(fixture.Run("bank.proto").error, Eq(""));
}

TEST(NameRulesTest, ServiceWithoutAPackageCannotHaveAGlobalName) {
  for (const std::string name : {"absl", "signal", "FILE"}) {
    EXPECT_THAT(ErrorOf("a.proto", "syntax = \"proto3\";\nservice " + name + " {}\n"),
                StartsWith("a.proto:2:1: service " + name + ": without a package "));
    EXPECT_THAT(ErrorOf("a.proto", "syntax = \"proto3\";\npackage a;\nservice " + name + " {}\n"),
                Eq(""));
  }
}

TEST(NameRulesTest, PackageIsNoReservedWord) {
  EXPECT_THAT(ErrorOf("a.proto", "syntax = \"proto3\";\npackage a.class.b;\nservice Account {}\n"),
              Eq("a.proto:2:1: package a.class.b: 'class' is a reserved word of C++"));
}

TEST(NameRulesTest, PackageIsNotTroupesOwn) {
  EXPECT_THAT(ErrorOf("a.proto", "syntax = \"proto3\";\npackage troupe;\nservice Account {}\n"),
              StartsWith("a.proto:2:1: package troupe: "));
  EXPECT_THAT(ErrorOf("a.proto", "syntax = \"proto3\";\npackage troupe.x;\nservice Account {}\n"),
              Eq(""));
}

TEST(NameRulesTest, PackageMattersOnlyToServices) {
  EXPECT_THAT(ErrorOf("a.proto", "syntax = \"proto3\";\npackage troupe;\nmessage Note {}\n"),
              Eq(""));
}

// --- Names that the headers of the runtime take from what protobuf alone allows. ---

// Of a file that has these lines from its second one on.
std::string ErrorBelowSyntax(const std::string& lines) {
  return ErrorOf("a.proto", "syntax = \"proto3\";\n" + lines + "service Account {}\n");
}

TEST(NameRulesTest, F152_PackageIsNoFunctionOfLibc) {
  for (const std::string name :
       {"log", "round", "y0", "sinf", "gettimeofday", "lgamma_r", "sem_open"}) {
    EXPECT_THAT(ErrorBelowSyntax("package " + name + ".v1;\n"),
                Eq("a.proto:2:1: package " + name + ".v1: C's library has a function or type '" +
                   name + "', so that it cannot be a namespace of C++"));
    EXPECT_THAT(ErrorBelowSyntax("package v1." + name + ";\n"), Eq(""));
  }
}

TEST(NameRulesTest, F152_PackageIsNoMacroOfLibc) {
  EXPECT_THAT(ErrorBelowSyntax("package a.timeradd;\n"),
              Eq("a.proto:2:1: package a.timeradd: 'timeradd' is a macro of C's library"));
}

TEST(NameRulesTest, F152_PackageIsNoOtherLibrarysNamespace) {
  EXPECT_THAT(ErrorBelowSyntax("package absl;\n"), StartsWith("a.proto:2:1: package absl: "));
  EXPECT_THAT(ErrorBelowSyntax("package std.x;\n"), StartsWith("a.proto:2:1: package std.x: "));
  EXPECT_THAT(ErrorBelowSyntax("package x.absl;\n"), Eq(""));
}

TEST(NameRulesTest, F152_NothingIsAMacroOfTheRuntimesHeaders) {
  EXPECT_THAT(ErrorBelowSyntax("package a;\nenum Number { ZERO = 0; NAN = 1; }\n"),
              Eq("a.proto:3:25: enum value a.NAN: its C++ name NAN is a macro of C's library"));
  EXPECT_THAT(ErrorBelowSyntax("package a;\nmessage M {\n  enum Number { INFINITY = 0; }\n}\n"),
              StartsWith("a.proto:4:17: enum value a.M.INFINITY: "));
  EXPECT_THAT(ErrorBelowSyntax("package a;\nmessage FP { message NAN {} }\n"),
              AllOf(HasSubstr("message a.FP.NAN: its C++ name NAN is"),
                    HasSubstr("message a.FP.NAN: its C++ name FP_NAN is")));
  EXPECT_THAT(ErrorBelowSyntax("package a;\nenum GUARDED_BY { ZERO = 0; }\n"),
              StartsWith("a.proto:3:1: enum a.GUARDED_BY: "));
  EXPECT_THAT(
      ErrorBelowSyntax("package a;\nmessage M {\n  int32 TimerAdd = 1;\n}\n"),
      Eq("a.proto:4:3: field a.M.TimerAdd: its C++ name timeradd is a macro of C's library"));
  // Its functions are called after nan.
  EXPECT_THAT(ErrorBelowSyntax("package a;\nmessage M {\n  double NAN = 1;\n}\n"), Eq(""));
}

TEST(NameRulesTest, F152_NothingWithoutAPackageIsAFunctionOfLibc) {
  EXPECT_THAT(ErrorBelowSyntax("message log {}\n"),
              Eq("a.proto:2:1: message log: C's library has a function or type of this name, so "
                 "that it needs a package"));
  EXPECT_THAT(ErrorBelowSyntax("enum pow { ZERO = 0; }\n"), StartsWith("a.proto:2:1: enum pow: "));
  EXPECT_THAT(ErrorBelowSyntax("enum Kind { y1 = 0; }\n"), StartsWith("a.proto:2:13: enum value "));
  EXPECT_THAT(ErrorBelowSyntax("message lgamma { message r {} }\n"),
              HasSubstr("message lgamma.r: C's library has "));
  EXPECT_THAT(ErrorBelowSyntax("package a;\nmessage log {}\n"), Eq(""));
  EXPECT_THAT(ErrorBelowSyntax("message M { message log {} enum Kind { y1 = 0; } }\n"), Eq(""));
}

TEST(NameRulesTest, F152_ImportsAreJudgedToo) {
  GeneratorFixture fixture;
  fixture.Add("number.proto", "syntax = \"proto3\";\npackage log;\nenum Number { NAN = 0; }\n");
  fixture.Add("more.proto", "syntax = \"proto3\";\nimport \"number.proto\";\n");
  fixture.Add("bank.proto",
              "syntax = \"proto3\";\npackage bank;\nimport \"more.proto\";\nservice Account {}\n");
  EXPECT_THAT(fixture.Run("bank.proto").error,
              AllOf(StartsWith("number.proto:2:1: package log: "),
                    HasSubstr("\nnumber.proto:3:15: enum value log.NAN: ")));
  // Without a service its C++ includes nothing of the runtime.
  EXPECT_THAT(fixture.Run("number.proto").error, Eq(""));
}

TEST(NameRulesTest, F152_MessagesHideNothingThatIsCalledOfThem) {
  for (const std::string name : {"ByteSizeLong", "DebugString", "ParseFromArray",
                                 "SerializeWithCachedSizesToArray", "SpaceUsedLong"}) {
    for (const std::string& member : {"enum Kind { " + name + " = 0; }", "message " + name + " {}",
                                      "enum " + name + " { ZERO = 0; }"}) {
      const std::string messages = "message Odd { " + member + " }\n";
      for (const std::string rpc : {"Odd) returns (Note", "Note) returns (Odd"}) {
        EXPECT_THAT(ErrorOf(messages + "service Account {\n  rpc Get(" + rpc + ");\n}\n"),
                    AllOf(StartsWith("bank.proto:10:3: rpc Account.Get: bank.Odd has a member " +
                                     name + " (bank.proto:8:"),
                          testing::Not(HasSubstr("\n"))));
      }
      // Nobody calls it of a message inside another.
      EXPECT_THAT(ErrorOf(messages + "message Box { Odd odd = 1; }\nservice Account {\n"
                                     "  rpc Get(Box) returns (Note);\n}\n"),
                  Eq(""));
    }
  }
}

}  // namespace
}  // namespace troupe::codegen
