#include "troupe/proto/cpp_names.h"

#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <string>

#include "gtest/gtest.h"

namespace troupe::codegen {
namespace {

namespace pb = google::protobuf;

const pb::FileDescriptor* Build(pb::DescriptorPool& pool, const std::string& name,
                                const std::string& package, const std::string& message) {
  pb::FileDescriptorProto file;
  file.set_name(name);
  file.set_package(package);
  file.add_message_type()->set_name(message);
  file.mutable_message_type(0)->add_nested_type()->set_name("Inner");
  file.add_service()->set_name("Account");
  return pool.BuildFile(file);
}

TEST(CppNamesTest, PackageIsANamespaceForMessagesAndServices) {
  pb::DescriptorPool pool;
  const pb::FileDescriptor* file = Build(pool, "a/b/bank.proto", "a.b", "Outer");
  EXPECT_EQ(NamespaceOf(*file), "a::b");
  EXPECT_EQ(ClassOf(*file->service(0)), "::a::b::Account");
  EXPECT_EQ(ClassOf(*file->message_type(0)->nested_type(0)), "::a::b::Outer_Inner");
}

TEST(CppNamesTest, WithoutAPackageNamesAreGlobal) {
  pb::DescriptorPool pool;
  const pb::FileDescriptor* file = Build(pool, "bank.proto", "", "Outer");
  EXPECT_EQ(NamespaceOf(*file), "");
  EXPECT_EQ(ClassOf(*file->service(0)), "::Account");
  EXPECT_EQ(ClassOf(*file->message_type(0)), "::Outer");
}

TEST(CppNamesTest, FilesAreBesideProtobufs) {
  pb::DescriptorPool pool;
  const pb::FileDescriptor* file = Build(pool, "a/b/bank.proto", "a.b", "Outer");
  EXPECT_EQ(MessageHeaderOf(*file), "a/b/bank.pb.h");
  EXPECT_EQ(ServiceHeaderOf(*file), "a/b/bank.troupe.h");
  EXPECT_EQ(ServiceSourceOf(*file), "a/b/bank.troupe.cc");
}

// protoc renames messages that are keywords to it, so each of those must be one to us.
TEST(CppNamesTest, MessageIsCalledAsProtocCallsIt) {
  pb::DescriptorPool pool;
  const pb::FileDescriptor* file = Build(pool, "a.proto", "a", "delete");
  EXPECT_EQ(ClassOf(*file->message_type(0)), "::a::delete_");
}

TEST(CppNamesTest, ReservedWordsAreFoundWhole) {
  EXPECT_TRUE(IsCppKeyword("alignas"));
  EXPECT_TRUE(IsCppKeyword("const"));
  EXPECT_TRUE(IsCppKeyword("xor_eq"));
  EXPECT_FALSE(IsCppKeyword("cons"));
  EXPECT_FALSE(IsCppKeyword("Const"));
  EXPECT_FALSE(IsCppKeyword("xor_e"));
  EXPECT_FALSE(IsCppKeyword("Deposit"));
}

}  // namespace
}  // namespace troupe::codegen
