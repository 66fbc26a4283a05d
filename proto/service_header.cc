#include "troupe/proto/service_header.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <cctype>
#include <set>
#include <string>
#include <vector>

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

// What the declarations of `method` name, besides the runtime.
void AddHeaders(const pb::MethodDescriptor& method, std::set<std::string>& headers) {
  headers.insert(MessageHeaderOf(*method.input_type()->file()));
  if (ReturnsNothing(method)) {
    headers.insert("absl/status/status.h");
    return;
  }
  // Messages may be from any file that the .proto sees.
  headers.insert(MessageHeaderOf(*method.output_type()->file()));
  if (!method.server_streaming()) headers.insert("absl/status/statusor.h");
}

void PrintIncludes(const pb::FileDescriptor& file, pb::io::Printer& printer) {
  std::set<std::string> headers = {MessageHeaderOf(file)};
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    for (int j = 0; j < service.method_count(); ++j) AddHeaders(*service.method(j), headers);
  }
  if (file.service_count() > 0) {
    headers.insert("troupe/actors/service.h");
    printer.Print("#include <concepts>\n#include <type_traits>\n\n");
  }
  // ToProto() and FromProto(), for whoever has handles in its messages.
  for (int i = 0; i < file.dependency_count(); ++i) {
    if (file.dependency(i)->name() == "troupe/proto/ref.proto") {
      headers.insert("troupe/transport/ref_proto.h");
    }
  }
  for (const std::string& header : headers) {
    printer.Print("#include \"$header$\"\n", "header", header);
  }
}

using Declaration = std::string (*)(const pb::MethodDescriptor& method);

std::string RefDeclaration(const pb::MethodDescriptor& method) {
  const std::string result = ResultOf(ShapeOf(method));
  std::string text;
  for (const char* parameter : {"const $Request$&", "$Request$&&"}) {
    text += result + " $Method$(\n    " + parameter + " request) const;\n";
    if (ShapeOf(method) == Shape::kOneway) {
      text += result + " $Method$(\n    " + parameter + " request, ::troupe::Tag tag) const;\n";
    }
  }
  return text;
}

std::string ActorDeclaration(const pb::MethodDescriptor& method) {
  if (method.server_streaming()) {
    return "virtual ::troupe::Reply<void> $Method$(\n"
           "    ::troupe::Context& cx, const $Request$& request,\n"
           "    ::troupe::Sink<$Response$> out) = 0;\n";
  }
  return "virtual ::troupe::Reply<$Response$> $Method$(\n"
         "    ::troupe::Context& cx, const $Request$& request) = 0;\n";
}

std::string WorkerDeclaration(const pb::MethodDescriptor& method) {
  if (method.server_streaming()) return "";
  const std::string result =
      ReturnsNothing(method) ? "::absl::Status" : "::absl::StatusOr<$Response$>";
  return "virtual " + result +
         " $Method$(\n"
         "    ::troupe::WorkerContext& cx, const $Request$& request) = 0;\n";
}

bool HasStreams(const pb::ServiceDescriptor& service) {
  for (int i = 0; i < service.method_count(); ++i) {
    if (service.method(i)->server_streaming()) return true;
  }
  return false;
}

void PrintComment(const std::vector<std::string>& lines, pb::io::Printer& printer) {
  for (const std::string& line : lines) printer.Print("$line$\n", "line", line);
}

// One declaration a method, below what the .proto says of it.
void PrintMethods(const pb::ServiceDescriptor& service, Declaration declaration_of,
                  pb::io::Printer& printer) {
  printer.Indent();
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    const std::string text = declaration_of(method);
    if (text.empty()) continue;
    printer.Print("\n");
    PrintComment(CommentOf(method), printer);
    printer.Print(WordsOf(method), text.c_str());
  }
  printer.Outdent();
}

void PrintService(const pb::ServiceDescriptor& service, pb::io::Printer& printer) {
  printer.Print("\n");
  PrintComment(CommentOf(service), printer);
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
  printer.Print(
      WordsOf(service),
      "\n"
      "// A handle of an actor or a pool of workers that serves $service_name$, on this\n"
      "// node or another. Each rpc has two functions: the second one takes over its request.\n"
      "class $Service$::Ref : public ::troupe::AnyRef {\n"
      " public:\n"
      "  Ref() = default;\n"
      "  // Requires: `ref` is of one that serves $service_name$. If it is not, requests fail\n"
      "  // with UNIMPLEMENTED.\n"
      "  explicit Ref(const ::troupe::AnyRef& ref) : ::troupe::AnyRef(ref) {}\n"
      "  template <typename A>\n"
      "    requires(::std::derived_from<A, $service$::Actor> ||\n"
      "             ::std::derived_from<A, $service$::Worker>)\n"
      "  Ref(const ::troupe::Ref<A>& ref) : ::troupe::AnyRef(ref) {}  // NOLINT: an A "
      "serves it.\n");
  PrintMethods(service, &RefDeclaration, printer);
  printer.Print(WordsOf(service),
                "};\n"
                "static_assert(sizeof($service$::Ref) == sizeof(::troupe::AnyRef));\n"
                "static_assert(::std::is_trivially_copyable_v<$service$::Ref>);\n");
}

void PrintBase(const pb::ServiceDescriptor& service, const char* kind, Declaration declaration_of,
               pb::io::Printer& printer) {
  Words words = WordsOf(service);
  words["Kind"] = kind;
  printer.Print(words,
                "class $Service$::$Kind$ : public ::troupe::$Kind$ {\n"
                " public:\n"
                "  using Service = $service$;\n");
  PrintMethods(service, declaration_of, printer);
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
    printer.Print(WordsOf(service), "\n// The base of actors that serve $service_name$.\n");
    PrintBase(service, "Actor", &ActorDeclaration, printer);
    printer.Print(WordsOf(service), "\n// The base of workers that serve $service_name$.\n");
    if (HasStreams(service)) {
      printer.Print("// Workers serve no streams: those of the service fail with UNIMPLEMENTED.\n");
    }
    PrintBase(service, "Worker", &WorkerDeclaration, printer);
  }
  if (has_namespace) printer.Print(words, "\n}  // namespace $namespace$\n");
  printer.Print(words, "\n#endif  // $guard$\n");
}

}  // namespace troupe::codegen
