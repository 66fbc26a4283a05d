#include "troupe/proto/name_rules.h"

#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "troupe/proto/cpp_names.h"
#include "troupe/proto/libc_names.h"

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
constexpr std::string_view kPackagesOfTroupe[] = {"troupe", "troupe.internal"};
constexpr std::string_view kNamespacesOfOthers[] = {"absl", "std"};
// What the runtime calls of a request or a response.
constexpr std::string_view kMembersOfMessages[] = {"ByteSizeLong", "DebugString", "ParseFromArray",
                                                   "SerializeWithCachedSizesToArray",
                                                   "SpaceUsedLong"};

template <size_t kCount>
bool IsIn(const std::string_view (&names)[kCount], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string WhereThePackageIs(const pb::FileDescriptor& file) {
  return WhereIs(file, {pb::FileDescriptorProto::kPackageFieldNumber});
}

// The names of one file, and of what it imports.
class NameJudge {
 public:
  explicit NameJudge(Mistakes& mistakes) : mistakes_(mistakes) {}

  void File(const pb::FileDescriptor& file);

 private:
  void Package(const pb::FileDescriptor& file);
  void Message(const pb::Descriptor& message);
  void Enum(const pb::EnumDescriptor& type);
  void Field(const pb::FieldDescriptor& field);

  // `is_global` of what stands in the namespace of its file's package, if it has none.
  template <typename D>
  void Name(const D& descriptor, const char* kind, const std::string& name, bool is_global) {
    if (IsMacroOfRuntime(name)) {
      mistakes_.Add(WhereIs(descriptor), std::string(kind) + " " + descriptor.full_name() +
                                             ": its C++ name " + name +
                                             " is a macro of C's library");
    }
    if (is_global && descriptor.file()->package().empty() && IsGlobalOfRuntime(name)) {
      mistakes_.Add(WhereIs(descriptor),
                    std::string(kind) + " " + descriptor.full_name() +
                        ": C's library has a function or type of this name, so that it needs a "
                        "package");
    }
  }

  Mistakes& mistakes_;
  std::set<const pb::FileDescriptor*> seen_;
};

void NameJudge::File(const pb::FileDescriptor& file) {
  if (!seen_.insert(&file).second) return;
  Package(file);
  for (int i = 0; i < file.message_type_count(); ++i) Message(*file.message_type(i));
  for (int i = 0; i < file.enum_type_count(); ++i) Enum(*file.enum_type(i));
  for (int i = 0; i < file.extension_count(); ++i) Field(*file.extension(i));
  for (int i = 0; i < file.dependency_count(); ++i) File(*file.dependency(i));
}

void NameJudge::Package(const pb::FileDescriptor& file) {
  if (file.package().empty()) return;
  const std::vector<std::string> parts = absl::StrSplit(file.package(), '.');
  for (const std::string& part : parts) {
    const char* const why = IsCppKeyword(part)       ? "' is a reserved word of C++"
                            : IsMacroOfRuntime(part) ? "' is a macro of C's library"
                                                     : nullptr;
    if (why != nullptr) {
      mistakes_.Add(WhereThePackageIs(file), "package " + file.package() + ": '" + part + why);
    }
  }
  if (IsGlobalOfRuntime(parts.front())) {
    mistakes_.Add(WhereThePackageIs(file),
                  "package " + file.package() + ": C's library has a function or type '" +
                      parts.front() + "', so that it cannot be a namespace of C++");
  }
}

void NameJudge::Message(const pb::Descriptor& message) {
  Name(message, "message", message.name(), /*is_global=*/message.containing_type() == nullptr);
  Name(message, "message", pb::compiler::cpp::ClassName(&message),
       /*is_global=*/message.containing_type() != nullptr);
  for (int i = 0; i < message.field_count(); ++i) Field(*message.field(i));
  for (int i = 0; i < message.extension_count(); ++i) Field(*message.extension(i));
  for (int i = 0; i < message.nested_type_count(); ++i) Message(*message.nested_type(i));
  for (int i = 0; i < message.enum_type_count(); ++i) Enum(*message.enum_type(i));
}

void NameJudge::Enum(const pb::EnumDescriptor& type) {
  const bool is_nested = type.containing_type() != nullptr;
  const std::string class_name = pb::compiler::cpp::ClassName(&type);
  Name(type, "enum", type.name(), /*is_global=*/!is_nested);
  if (is_nested) Name(type, "enum", class_name, /*is_global=*/true);
  for (int i = 0; i < type.value_count(); ++i) {
    const pb::EnumValueDescriptor& value = *type.value(i);
    Name(value, "enum value", value.name(), /*is_global=*/!is_nested);
    if (is_nested) {
      Name(value, "enum value", class_name + "_" + value.name(), /*is_global=*/true);
    }
  }
}

void NameJudge::Field(const pb::FieldDescriptor& field) {
  // An extension is a variable, another field has functions in small letters.
  const std::string name = field.is_extension() ? field.name() : field.lowercase_name();
  Name(field, "field", name,
       /*is_global=*/field.is_extension() && field.extension_scope() == nullptr);
}

}  // namespace

void JudgeNames(const pb::FileDescriptor& file, Mistakes& mistakes) {
  const std::string& package = file.package();
  if (IsIn(kPackagesOfTroupe, package)) {
    mistakes.Add(WhereThePackageIs(file),
                 "package " + package + ": its C++ namespace is Troupe's own");
  }
  if (const std::string first = package.substr(0, package.find('.'));
      IsIn(kNamespacesOfOthers, first)) {
    mistakes.Add(WhereThePackageIs(file),
                 "package " + package + ": the C++ namespace " + first + " is another library's");
  }
  NameJudge(mistakes).File(file);
}

void JudgeName(const pb::ServiceDescriptor& service, const std::set<std::string>& taken,
               Mistakes& mistakes) {
  const std::string& name = service.name();
  if (IsCppKeyword(name)) mistakes.Add(service, "the name is a reserved word of C++");
  if (IsMacroOfLibc(name)) mistakes.Add(service, "the name is a macro of C's library");
  if (IsIn(kNamesInService, name)) {
    mistakes.Add(service, "the generated class has a member of this name");
  }
  if (service.file()->package().empty() && (absl::ascii_islower(name[0]) || name == "FILE")) {
    mistakes.Add(service,
                 "without a package the C++ class is global, where C and C++ have functions, types "
                 "and namespaces in small letters");
  }
  if (name == "std") {
    mistakes.Add(service, "protobuf's C++ code of the package means the namespace by it");
  }
  if (taken.contains(name)) {
    mistakes.Add(service,
                 "protobuf's C++ code has " + name + " for a message or an enum of the package");
  }
}

void JudgeName(const pb::MethodDescriptor& method, Mistakes& mistakes) {
  if (IsCppKeyword(method.name())) mistakes.Add(method, "the name is a reserved word of C++");
  if (IsMacroOfLibc(method.name())) mistakes.Add(method, "the name is a macro of C's library");
  if (IsIn(kNamesOfHandlers, method.name())) {
    mistakes.Add(method, "actors, workers or handles have a member of this name");
  }
}

void JudgeMembers(const pb::MethodDescriptor& method, const pb::Descriptor& message,
                  Mistakes& mistakes) {
  const auto judge = [&](const auto& member) {
    if (!IsIn(kMembersOfMessages, member.name())) return;
    mistakes.Add(method, message.full_name() + " has a member " + member.name() + " (" +
                             WhereIs(member) + "), which hides that of its C++ base class");
  };
  for (int i = 0; i < message.nested_type_count(); ++i) judge(*message.nested_type(i));
  for (int i = 0; i < message.extension_count(); ++i) judge(*message.extension(i));
  for (int i = 0; i < message.enum_type_count(); ++i) {
    const pb::EnumDescriptor& type = *message.enum_type(i);
    judge(type);
    for (int j = 0; j < type.value_count(); ++j) judge(*type.value(j));
  }
}

}  // namespace troupe::codegen
