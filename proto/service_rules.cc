#include "troupe/proto/service_rules.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/empty.pb.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "troupe/proto/cpp_names.h"
#include "troupe/proto/options.pb.h"

namespace troupe::codegen {
namespace {

namespace pb = google::protobuf;

// Members of troupe::Actor, troupe::Worker and troupe::AnyRef, and of the classes around them.
constexpr std::string_view kNamesOfHandlers[] = {
    "Actor",    "AnyRef", "On",         "OnStart",     "OnStop",       "Ref",   "Send", "Service",
    "ToString", "Worker", "generation", "incarnation", "kServiceInfo", "shard", "slot", "system",
};
constexpr std::string_view kNamesInService[] = {"Actor", "Methods", "Ref", "Worker",
                                                "kServiceInfo"};
constexpr std::string_view kNamespaces[] = {"absl", "google", "std", "troupe"};
constexpr std::string_view kPackagesOfTroupe[] = {"troupe", "troupe.internal"};

template <size_t kCount>
bool IsIn(const std::string_view (&names)[kCount], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string Position(const pb::SourceLocation& location) {
  return ":" + std::to_string(location.start_line + 1) + ":" +
         std::to_string(location.start_column + 1);
}

template <typename D>
std::string WhereIs(const D& descriptor) {
  pb::SourceLocation location;
  const bool known = descriptor.GetSourceLocation(&location);
  return descriptor.file()->name() + (known ? Position(location) : "");
}

// `path` as in descriptor.proto's SourceCodeInfo.
std::string WhereIs(const pb::FileDescriptor& file, const std::vector<int>& path) {
  pb::SourceLocation location;
  return file.name() + (file.GetSourceLocation(path, &location) ? Position(location) : "");
}

// The first name in a dotted one that cannot be a namespace; empty when all can.
std::string ReservedPartOf(const std::string& package) {
  for (size_t start = 0; start < package.size();) {
    const size_t end = std::min(package.find('.', start), package.size());
    std::string part = package.substr(start, end - start);
    if (IsCppKeyword(part)) return part;
    start = end + 1;
  }
  return "";
}

// A message in MessageSet format that may be part of `message`, or null. Its fields are told
// apart by number at run time and nest without counting against protobuf's limit of depth.
const pb::Descriptor* FindMessageSet(const pb::Descriptor& message,
                                     std::set<const pb::Descriptor*>& seen) {
  if (!seen.insert(&message).second) return nullptr;
  if (message.options().message_set_wire_format()) return &message;
  std::vector<const pb::FieldDescriptor*> fields;
  message.file()->pool()->FindAllExtensions(&message, &fields);
  for (int i = 0; i < message.field_count(); ++i) fields.push_back(message.field(i));
  for (const pb::FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr) continue;
    if (const pb::Descriptor* found = FindMessageSet(*field->message_type(), seen)) return found;
  }
  return nullptr;
}

// Judges one file.
class Judge {
 public:
  explicit Judge(const pb::FileDescriptor& file) : file_(file), taken_(NamesBesideMessages(file)) {}

  std::vector<std::string> Run() && {
    if (file_.service_count() > 0) JudgeFile();
    for (int i = 0; i < file_.service_count(); ++i) JudgeService(*file_.service(i));
    return std::move(mistakes_);
  }

 private:
  void JudgeFile();
  void JudgeService(const pb::ServiceDescriptor& service);
  void JudgeName(const pb::MethodDescriptor& method);
  void JudgeStreams(const pb::MethodDescriptor& method);
  void JudgeOneway(const pb::MethodDescriptor& method);
  void JudgeMessage(const pb::MethodDescriptor& method, const pb::Descriptor& message);

  void Add(const std::string& where, const std::string& reason) {
    mistakes_.push_back(where + ": " + reason);
  }
  void Add(const pb::ServiceDescriptor& service, const std::string& reason) {
    Add(WhereIs(service), "service " + service.name() + ": " + reason);
  }
  void Add(const pb::MethodDescriptor& method, const std::string& reason) {
    Add(WhereIs(method), "rpc " + method.service()->name() + "." + method.name() + ": " + reason);
  }

  const pb::FileDescriptor& file_;
  const std::set<std::string> taken_;
  std::vector<std::string> mistakes_;
};

void Judge::JudgeFile() {
  const std::string& package = file_.package();
  const std::string where = WhereIs(file_, {pb::FileDescriptorProto::kPackageFieldNumber});
  if (const std::string part = ReservedPartOf(package); !part.empty()) {
    Add(where, "package " + package + ": '" + part + "' is a reserved word of C++");
  }
  if (IsIn(kPackagesOfTroupe, package)) {
    Add(where, "package " + package + ": its C++ namespace is Troupe's own");
  }
  // protoc sees to it that the file imports no such file either.
  if (file_.options().optimize_for() == pb::FileOptions::LITE_RUNTIME) {
    Add(WhereIs(file_, {pb::FileDescriptorProto::kOptionsFieldNumber,
                        pb::FileOptions::kOptimizeForFieldNumber}),
        "optimize_for = LITE_RUNTIME leaves out what requests are measured by; remove the option");
  }
  if (file_.options().cc_generic_services()) {
    Add(WhereIs(file_, {pb::FileDescriptorProto::kOptionsFieldNumber,
                        pb::FileOptions::kCcGenericServicesFieldNumber}),
        "cc_generic_services makes a second C++ class of each service; remove the option");
  }
}

void Judge::JudgeService(const pb::ServiceDescriptor& service) {
  const std::string& name = service.name();
  if (IsCppKeyword(name)) Add(service, "the name is a reserved word of C++");
  if (IsIn(kNamesInService, name)) {
    Add(service, "the generated class has a member of this name");
  }
  if (file_.package().empty() && IsIn(kNamespaces, name)) {
    Add(service, "without a package the C++ class has the name of a namespace");
  }
  if (taken_.contains(name)) {
    Add(service, "protobuf's C++ code has " + name + " for a message or an enum of the package");
  }
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    JudgeName(method);
    JudgeStreams(method);
    if (method.options().GetExtension(oneway)) JudgeOneway(method);
    JudgeMessage(method, *method.input_type());
    JudgeMessage(method, *method.output_type());
  }
}

void Judge::JudgeName(const pb::MethodDescriptor& method) {
  if (IsCppKeyword(method.name())) Add(method, "the name is a reserved word of C++");
  if (IsIn(kNamesOfHandlers, method.name())) {
    Add(method, "actors, workers or handles have a member of this name");
  }
}

void Judge::JudgeStreams(const pb::MethodDescriptor& method) {
  if (method.client_streaming()) {
    Add(method, "the request is a stream; only a response may be one");
  }
  const pb::MethodOptions& options = method.options();
  if (method.server_streaming() && options.HasExtension(interleave) &&
      !options.GetExtension(interleave)) {
    Add(method, "(troupe.interleave) = false, but handlers of streams always interleave");
  }
}

void Judge::JudgeOneway(const pb::MethodDescriptor& method) {
  if (method.server_streaming()) {
    Add(method, "(troupe.oneway) with a stream as the response");
  }
  const std::string& empty = pb::Empty::descriptor()->full_name();
  if (method.output_type()->full_name() != empty) {
    Add(method, "(troupe.oneway) has no response, so it must return " + empty + ", not " +
                    method.output_type()->full_name());
  }
  if (method.options().GetExtension(idempotent)) {
    Add(method, "(troupe.idempotent) says what may be repeated, and (troupe.oneway) never is");
  }
}

void Judge::JudgeMessage(const pb::MethodDescriptor& method, const pb::Descriptor& message) {
  std::set<const pb::Descriptor*> seen;
  if (const pb::Descriptor* found = FindMessageSet(message, seen)) {
    Add(method, message.full_name() + " may contain " + found->full_name() + " (" +
                    WhereIs(*found) + "), which has message_set_wire_format");
  }
}

}  // namespace

std::vector<std::string> FindMistakes(const pb::FileDescriptor& file) { return Judge(file).Run(); }

}  // namespace troupe::codegen
