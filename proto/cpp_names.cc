#include "troupe/proto/cpp_names.h"

#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/descriptor.h>

namespace troupe::codegen {
namespace {

namespace pb = google::protobuf;

// Between spaces, to be searched.
constexpr std::string_view kKeywords =
    " alignas alignof and and_eq asm auto bitand bitor bool break case catch "
    "char char16_t char32_t char8_t class co_await co_return co_yield compl concept const "
    "const_cast consteval constexpr constinit continue decltype default delete do double "
    "dynamic_cast else enum explicit export extern false float for friend goto if inline "
    "int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private "
    "protected public register reinterpret_cast requires return short signed sizeof static "
    "static_assert static_cast struct switch template this thread_local throw true try typedef "
    "typeid typename typeof union unsigned using virtual void volatile wchar_t while xor xor_eq ";

void AddEnum(const pb::EnumDescriptor& type, std::set<std::string>& names) {
  const std::string name = pb::compiler::cpp::ClassName(&type);
  names.insert(name);
  for (const char* suffix :
       {"_MIN", "_MAX", "_ARRAYSIZE", "_IsValid", "_Name", "_Parse", "_descriptor",
        "_INT_MIN_SENTINEL_DO_NOT_USE_", "_INT_MAX_SENTINEL_DO_NOT_USE_"}) {
    names.insert(name + suffix);
  }
  const std::string scope = type.containing_type() == nullptr ? "" : name + "_";
  for (int i = 0; i < type.value_count(); ++i) {
    names.insert(scope + pb::compiler::cpp::EnumValueName(type.value(i)));
  }
}

void AddMessage(const pb::Descriptor& message, std::set<std::string>& names) {
  const std::string name = pb::compiler::cpp::ClassName(&message);
  names.insert(name);
  names.insert(name + "DefaultTypeInternal");
  for (int i = 0; i < message.nested_type_count(); ++i) AddMessage(*message.nested_type(i), names);
  for (int i = 0; i < message.enum_type_count(); ++i) AddEnum(*message.enum_type(i), names);
}

void AddFile(const pb::FileDescriptor& file, const std::string& package,
             std::set<const pb::FileDescriptor*>& seen, std::set<std::string>& names) {
  if (!seen.insert(&file).second) return;
  if (file.package() == package) {
    for (int i = 0; i < file.message_type_count(); ++i) AddMessage(*file.message_type(i), names);
    for (int i = 0; i < file.enum_type_count(); ++i) AddEnum(*file.enum_type(i), names);
  }
  for (int i = 0; i < file.dependency_count(); ++i) {
    AddFile(*file.dependency(i), package, seen, names);
  }
}

}  // namespace

std::string NamespaceOf(const pb::FileDescriptor& file) {
  std::string name;
  for (char c : file.package()) name += c == '.' ? std::string("::") : std::string(1, c);
  return name;
}

std::string ClassOf(const pb::Descriptor& message) {
  return pb::compiler::cpp::QualifiedClassName(&message);
}

std::string ClassOf(const pb::ServiceDescriptor& service) {
  const std::string outer = NamespaceOf(*service.file());
  return (outer.empty() ? "::" : "::" + outer + "::") + service.name();
}

std::string MessageHeaderOf(const pb::FileDescriptor& file) {
  return pb::compiler::cpp::StripProto(file.name()) + ".pb.h";
}

std::string ServiceHeaderOf(const pb::FileDescriptor& file) {
  return pb::compiler::cpp::StripProto(file.name()) + ".troupe.h";
}

std::string ServiceSourceOf(const pb::FileDescriptor& file) {
  return pb::compiler::cpp::StripProto(file.name()) + ".troupe.cc";
}

bool IsCppKeyword(std::string_view name) {
  return kKeywords.find(" " + std::string(name) + " ") != std::string_view::npos;
}

std::set<std::string> NamesBesideMessages(const pb::FileDescriptor& file) {
  std::set<const pb::FileDescriptor*> seen;
  std::set<std::string> names;
  AddFile(file, file.package(), seen, names);
  return names;
}

}  // namespace troupe::codegen
