#ifndef TROUPE_PROTO_NAME_RULES_H_
#define TROUPE_PROTO_NAME_RULES_H_

#include <set>
#include <string>

#include "troupe/proto/mistakes.h"

namespace google::protobuf {
class Descriptor;
class FileDescriptor;
class MethodDescriptor;
class ServiceDescriptor;
}  // namespace google::protobuf

namespace troupe::codegen {

// Names that a .proto allows and C++ does not. Each adds what it finds.

// The packages, messages and enums of `file` and of all that it imports: those that compile with
// protobuf's headers alone, and would not behind the runtime's.
void JudgeNames(const google::protobuf::FileDescriptor& file, Mistakes& mistakes);

// `taken`: NamesBesideMessages() of its file.
void JudgeName(const google::protobuf::ServiceDescriptor& service,
               const std::set<std::string>& taken, Mistakes& mistakes);
void JudgeName(const google::protobuf::MethodDescriptor& method, Mistakes& mistakes);

// What `message` of `method` declares inside itself: it must not hide what is called of it.
void JudgeMembers(const google::protobuf::MethodDescriptor& method,
                  const google::protobuf::Descriptor& message, Mistakes& mistakes);

}  // namespace troupe::codegen

#endif  // TROUPE_PROTO_NAME_RULES_H_
