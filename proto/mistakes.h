#ifndef TROUPE_PROTO_MISTAKES_H_
#define TROUPE_PROTO_MISTAKES_H_

#include <string>
#include <utility>
#include <vector>

namespace google::protobuf {
class FileDescriptor;
class MethodDescriptor;
class ServiceDescriptor;
}  // namespace google::protobuf

namespace troupe::codegen {

// Where something stands in a .proto: "bank.proto:12:3", line and column from 1. `D` is a
// descriptor of a message, an enum, a value, a field, a service or a method.
template <typename D>
std::string WhereIs(const D& descriptor);
// `path` as in descriptor.proto's SourceCodeInfo.
std::string WhereIs(const google::protobuf::FileDescriptor& file, const std::vector<int>& path);

// What is found wrong with a .proto, as "bank.proto:12:3: reason" each, in the order of adding.
class Mistakes {
 public:
  void Add(const std::string& where, const std::string& reason) {
    found_.push_back(where + ": " + reason);
  }
  void Add(const google::protobuf::ServiceDescriptor& service, const std::string& reason);
  void Add(const google::protobuf::MethodDescriptor& method, const std::string& reason);

  std::vector<std::string> Take() && { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

}  // namespace troupe::codegen

#endif  // TROUPE_PROTO_MISTAKES_H_
