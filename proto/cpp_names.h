#ifndef TROUPE_PROTO_CPP_NAMES_H_
#define TROUPE_PROTO_CPP_NAMES_H_

#include <set>
#include <string>
#include <string_view>

namespace google::protobuf {
class Descriptor;
class FileDescriptor;
class MethodDescriptor;
class ServiceDescriptor;
}  // namespace google::protobuf

namespace troupe::codegen {

// What protoc calls the things of a .proto in C++, and what generated services are called beside.

// "a::b" for the package a.b; empty without a package.
std::string NamespaceOf(const google::protobuf::FileDescriptor& file);

// "::a::b::Outer_Inner".
std::string ClassOf(const google::protobuf::Descriptor& message);
// "::a::b::Account".
std::string ClassOf(const google::protobuf::ServiceDescriptor& service);

// "a/bank.pb.h" or "a/bank.troupe.h" for a/bank.proto.
std::string MessageHeaderOf(const google::protobuf::FileDescriptor& file);
std::string ServiceHeaderOf(const google::protobuf::FileDescriptor& file);
std::string ServiceSourceOf(const google::protobuf::FileDescriptor& file);

// A word that can be no name in C++, or not with GNU's extensions.
bool IsCppKeyword(std::string_view name);

// Names that the messages and enums of `file`, and of those that it sees in the same package,
// take in its namespace beyond what .proto's own rules keep apart from a service's.
std::set<std::string> NamesBesideMessages(const google::protobuf::FileDescriptor& file);

}  // namespace troupe::codegen

#endif  // TROUPE_PROTO_CPP_NAMES_H_
