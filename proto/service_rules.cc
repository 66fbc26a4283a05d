#include "troupe/proto/service_rules.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/empty.pb.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "troupe/base/fingerprint.h"
#include "troupe/proto/cpp_names.h"
#include "troupe/proto/mistakes.h"
#include "troupe/proto/name_rules.h"
#include "troupe/proto/options.pb.h"

namespace troupe::codegen {
namespace {

namespace pb = google::protobuf;

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
    return std::move(mistakes_).Take();
  }

 private:
  void JudgeFile();
  void JudgeService(const pb::ServiceDescriptor& service);
  void JudgeStreams(const pb::MethodDescriptor& method);
  void JudgeOneway(const pb::MethodDescriptor& method);
  void JudgeMessage(const pb::MethodDescriptor& method, const pb::Descriptor& message);
  void JudgeFingerprints(const pb::ServiceDescriptor& service);

  const pb::FileDescriptor& file_;
  const std::set<std::string> taken_;
  Mistakes mistakes_;
};

void Judge::JudgeFile() {
  JudgeNames(file_, mistakes_);
  // protoc sees to it that the file imports no such file either.
  if (file_.options().optimize_for() == pb::FileOptions::LITE_RUNTIME) {
    mistakes_.Add(
        WhereIs(file_, {pb::FileDescriptorProto::kOptionsFieldNumber,
                        pb::FileOptions::kOptimizeForFieldNumber}),
        "optimize_for = LITE_RUNTIME leaves out what requests are measured by; remove the option");
  }
  if (file_.options().cc_generic_services()) {
    mistakes_.Add(
        WhereIs(file_, {pb::FileDescriptorProto::kOptionsFieldNumber,
                        pb::FileOptions::kCcGenericServicesFieldNumber}),
        "cc_generic_services makes a second C++ class of each service; remove the option");
  }
}

void Judge::JudgeService(const pb::ServiceDescriptor& service) {
  JudgeName(service, taken_, mistakes_);
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    JudgeName(method, mistakes_);
    JudgeStreams(method);
    if (method.options().GetExtension(oneway)) JudgeOneway(method);
    JudgeMessage(method, *method.input_type());
    if (method.output_type() != method.input_type()) JudgeMessage(method, *method.output_type());
  }
  JudgeFingerprints(service);
}

void Judge::JudgeStreams(const pb::MethodDescriptor& method) {
  if (method.client_streaming()) {
    mistakes_.Add(method, "the request is a stream; only a response may be one");
  }
  const pb::MethodOptions& options = method.options();
  if (method.server_streaming() && options.HasExtension(interleave) &&
      !options.GetExtension(interleave)) {
    mistakes_.Add(method, "(troupe.interleave) = false, but handlers of streams always interleave");
  }
}

void Judge::JudgeOneway(const pb::MethodDescriptor& method) {
  if (method.server_streaming()) {
    mistakes_.Add(method, "(troupe.oneway) with a stream as the response");
  }
  const std::string& empty = pb::Empty::descriptor()->full_name();
  if (method.output_type()->full_name() != empty) {
    mistakes_.Add(method, "(troupe.oneway) has no response, so it must return " + empty + ", not " +
                              method.output_type()->full_name());
  }
  if (method.options().GetExtension(idempotent)) {
    mistakes_.Add(method,
                  "(troupe.idempotent) says what may be repeated, and (troupe.oneway) never is");
  }
}

void Judge::JudgeMessage(const pb::MethodDescriptor& method, const pb::Descriptor& message) {
  JudgeMembers(method, message, mistakes_);
  std::set<const pb::Descriptor*> seen;
  if (const pb::Descriptor* found = FindMessageSet(message, seen)) {
    mistakes_.Add(method, message.full_name() + " may contain " + found->full_name() + " (" +
                              WhereIs(*found) + "), which has message_set_wire_format");
  }
}

// A peer names a method by its service and its fingerprint.
void Judge::JudgeFingerprints(const pb::ServiceDescriptor& service) {
  std::map<uint32_t, const pb::MethodDescriptor*> known;
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    const uint32_t fingerprint = internal::Fingerprint(service.full_name(), method.name());
    const auto [first, is_new] = known.emplace(fingerprint, &method);
    if (is_new) continue;
    mistakes_.Add(method,
                  "other nodes know it by a fingerprint (FNV-1a of \"<service>/<rpc>\"), "
                  "and that of " +
                      first->second->name() + " is the same; rename one of them");
  }
}

}  // namespace

std::vector<std::string> FindMistakes(const pb::FileDescriptor& file) { return Judge(file).Run(); }

}  // namespace troupe::codegen
