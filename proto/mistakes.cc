#include "troupe/proto/mistakes.h"

#include <google/protobuf/descriptor.h>

namespace troupe::codegen {
namespace {

namespace pb = google::protobuf;

std::string Position(const pb::SourceLocation& location) {
  return ":" + std::to_string(location.start_line + 1) + ":" +
         std::to_string(location.start_column + 1);
}

}  // namespace

template <typename D>
std::string WhereIs(const D& descriptor) {
  pb::SourceLocation location;
  const bool known = descriptor.GetSourceLocation(&location);
  return descriptor.file()->name() + (known ? Position(location) : "");
}
template std::string WhereIs(const pb::Descriptor& message);
template std::string WhereIs(const pb::EnumDescriptor& type);
template std::string WhereIs(const pb::EnumValueDescriptor& value);
template std::string WhereIs(const pb::FieldDescriptor& field);
template std::string WhereIs(const pb::ServiceDescriptor& service);
template std::string WhereIs(const pb::MethodDescriptor& method);

std::string WhereIs(const pb::FileDescriptor& file, const std::vector<int>& path) {
  pb::SourceLocation location;
  return file.name() + (file.GetSourceLocation(path, &location) ? Position(location) : "");
}

void Mistakes::Add(const pb::ServiceDescriptor& service, const std::string& reason) {
  Add(WhereIs(service), "service " + service.name() + ": " + reason);
}

void Mistakes::Add(const pb::MethodDescriptor& method, const std::string& reason) {
  Add(WhereIs(method), "rpc " + method.service()->name() + "." + method.name() + ": " + reason);
}

}  // namespace troupe::codegen
