#include "troupe/proto/service_header.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <cctype>
#include <set>
#include <string>

#include "troupe/proto/cpp_names.h"
#include "troupe/proto/method_text.h"

namespace troupe::codegen {
namespace {

namespace pb = google::protobuf;

std::string GuardOf(const pb::FileDescriptor& file) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string guard = "TROUPE_GENERATED_";
  for (const unsigned char c : file.name()) {
    if (isalnum(c)) {
      guard += static_cast<char>(c);
    } else {
      guard += {'_', kHex[c >> 4], kHex[c & 15]};
    }
  }
  return guard;
}

// The messages of methods may be from any file that the .proto sees.
std::set<std::string> MessageHeaders(const pb::FileDescriptor& file) {
  std::set<std::string> headers = {MessageHeaderOf(file)};
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    for (int j = 0; j < service.method_count(); ++j) {
      headers.insert(MessageHeaderOf(*service.method(j)->input_type()->file()));
      headers.insert(MessageHeaderOf(*service.method(j)->output_type()->file()));
    }
  }
  return headers;
}

void PrintIncludes(const pb::FileDescriptor& file, pb::io::Printer& printer) {
  if (file.service_count() > 0) {
    printer.Print(
        "#include <concepts>\n"
        "#include <type_traits>\n"
        "\n"
        "#include \"absl/status/status.h\"\n"
        "#include \"absl/status/statusor.h\"\n"
        "#include \"troupe/actors/service.h\"\n");
  }
  for (const std::string& header : MessageHeaders(file)) {
    printer.Print("#include \"$header$\"\n", "header", header);
  }
}

const char* RefTemplate(Shape shape) {
  switch (shape) {
    case Shape::kUnary:
      return "::troupe::Call<$Response$> $Method$(const $Request$& request) const;\n"
             "::troupe::Call<$Response$> $Method$($Request$&& request) const;\n";
    case Shape::kOneway:
      return "::troupe::SendResult $Method$(const $Request$& request) const;\n"
             "::troupe::SendResult $Method$($Request$&& request) const;\n";
    case Shape::kServerStream:
      return "::troupe::Stream<$Response$> $Method$(const $Request$& request) const;\n"
             "::troupe::Stream<$Response$> $Method$($Request$&& request) const;\n";
  }
  return "";
}

const char* ActorTemplate(Shape shape) {
  if (shape == Shape::kServerStream) {
    return "virtual ::troupe::Reply<void> $Method$(::troupe::Context& cx,\n"
           "    const $Request$& request, ::troupe::Sink<$Response$> out) = 0;\n";
  }
  return "virtual ::troupe::Reply<$Response$> $Method$(::troupe::Context& cx,\n"
         "    const $Request$& request) = 0;\n";
}

const char* WorkerTemplate(Shape shape) {
  switch (shape) {
    case Shape::kUnary:
      return "virtual ::absl::StatusOr<$Response$> $Method$(::troupe::WorkerContext& cx,\n"
             "    const $Request$& request) = 0;\n";
    case Shape::kOneway:
      return "virtual ::absl::Status $Method$(::troupe::WorkerContext& cx,\n"
             "    const $Request$& request) = 0;\n";
    case Shape::kServerStream:
      return "";
  }
  return "";
}

// One declaration a method, below what the .proto says of it.
void PrintMethods(const pb::ServiceDescriptor& service, const char* (*template_of)(Shape),
                  pb::io::Printer& printer) {
  printer.Indent();
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    const std::string text = template_of(ShapeOf(method));
    if (text.empty()) continue;
    printer.Print("\n");
    printer.PrintRaw(CommentOf(method));
    printer.Print(WordsOf(method), text.c_str());
  }
  printer.Outdent();
}

void PrintService(const pb::ServiceDescriptor& service, pb::io::Printer& printer) {
  printer.Print("\n");
  printer.PrintRaw(CommentOf(service));
  printer.Print(WordsOf(service),
                "class $Service$ {\n"
                " public:\n"
                "  class Actor;\n"
                "  class Worker;\n"
                "  class Ref;\n"
                "\n"
                "  static const ::troupe::internal::ServiceInfo kServiceInfo;\n"
                "\n"
                " private:\n"
                "  struct Methods;\n"
                "};\n");
}

void PrintRef(const pb::ServiceDescriptor& service, pb::io::Printer& printer) {
  printer.Print(WordsOf(service),
                "\n"
                "// The handle of whoever serves $service_name$, here or on another node.\n"
                "class $Service$::Ref : public ::troupe::AnyRef {\n"
                " public:\n"
                "  Ref() = default;\n"
                "  // The caller knows that it serves $service_name$.\n"
                "  explicit Ref(const ::troupe::AnyRef& ref) : ::troupe::AnyRef(ref) {}\n"
                "  template <typename A>\n"
                "    requires(::std::derived_from<A, $service$::Actor> ||\n"
                "             ::std::derived_from<A, $service$::Worker>)\n"
                "  Ref(const ::troupe::Ref<A>& ref) : ::troupe::AnyRef(ref) {}  // NOLINT: an A "
                "serves it.\n");
  PrintMethods(service, &RefTemplate, printer);
  printer.Print(WordsOf(service),
                "};\n"
                "static_assert(sizeof($service$::Ref) == sizeof(::troupe::AnyRef));\n"
                "static_assert(::std::is_trivially_copyable_v<$service$::Ref>);\n");
}

void PrintBase(const pb::ServiceDescriptor& service, const char* kind,
               const char* (*template_of)(Shape), pb::io::Printer& printer) {
  Words words = WordsOf(service);
  words["Kind"] = kind;
  printer.Print(words,
                "class $Service$::$Kind$ : public ::troupe::$Kind$ {\n"
                " public:\n"
                "  using Service = $service$;\n");
  PrintMethods(service, template_of, printer);
  printer.Print("};\n");
}

}  // namespace

void WriteServiceHeader(const pb::FileDescriptor& file, pb::io::ZeroCopyOutputStream& out) {
  pb::io::Printer printer(&out, '$');
  const Words words = {
      {"file", file.name()}, {"guard", GuardOf(file)}, {"namespace", NamespaceOf(file)}};
  printer.Print(words,
                "// Generated from $file$ by protoc-gen-troupe.\n"
                "#ifndef $guard$\n"
                "#define $guard$\n"
                "\n");
  PrintIncludes(file, printer);
  const bool has_namespace = file.service_count() > 0 && !file.package().empty();
  if (has_namespace) printer.Print(words, "\nnamespace $namespace$ {\n");
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    PrintService(service, printer);
    PrintRef(service, printer);
    printer.Print(WordsOf(service), "\n// What an actor that serves $service_name$ overrides.\n");
    PrintBase(service, "Actor", &ActorTemplate, printer);
    printer.Print(
        WordsOf(service),
        "\n"
        "// What a pool of workers that serves $service_name$ overrides; it cannot serve\n"
        "// streams.\n");
    PrintBase(service, "Worker", &WorkerTemplate, printer);
  }
  if (has_namespace) printer.Print(words, "\n}  // namespace $namespace$\n");
  printer.Print(words, "\n#endif  // $guard$\n");
}

}  // namespace troupe::codegen
