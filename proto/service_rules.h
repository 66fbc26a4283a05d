#ifndef TROUPE_PROTO_SERVICE_RULES_H_
#define TROUPE_PROTO_SERVICE_RULES_H_

#include <string>
#include <vector>

namespace google::protobuf {
class FileDescriptor;
}  // namespace google::protobuf

namespace troupe::codegen {

// What keeps the services of `file` from becoming actors, each as "bank.proto:12:3: reason" with
// line and column from 1, in the file's order. Empty when all is well.
std::vector<std::string> FindMistakes(const google::protobuf::FileDescriptor& file);

}  // namespace troupe::codegen

#endif  // TROUPE_PROTO_SERVICE_RULES_H_
