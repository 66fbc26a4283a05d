#include "troupe/proto/service_source.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <string>

#include "troupe/proto/cpp_names.h"
#include "troupe/proto/method_text.h"

namespace troupe::codegen {
namespace {

namespace pb = google::protobuf;

// How the handler is run, and how it ends when it was suspended.
const char* HandlerTemplate(Shape shape) {
  if (shape == Shape::kServerStream) {
    return "    .dispatch = &::troupe::internal::DispatchStream<\n"
           "        $service$::Actor, $Request$, $Response$,\n"
           "        &$service$::Actor::$Method$>,\n"
           "    .destroy = &::troupe::internal::DestroyPayload<$Request$>,\n"
           "    .complete = &::troupe::internal::CompleteStream<$Request$>,\n";
  }
  if (shape == Shape::kOneway) {
    return "    .dispatch = &::troupe::internal::DispatchOneWayMethod<\n"
           "        $service$::Actor, $service$::Worker, $Request$,\n"
           "        &$service$::Actor::$Method$, &$service$::Worker::$Method$>,\n"
           "    .destroy = &::troupe::internal::DestroyPayload<$Request$>,\n"
           "    .complete = &::troupe::internal::CompleteOneWay<$Request$>,\n";
  }
  return "    .dispatch = &::troupe::internal::DispatchUnary<\n"
         "        $service$::Actor, $service$::Worker, $Request$,\n"
         "        $Response$, &$service$::Actor::$Method$,\n"
         "        &$service$::Worker::$Method$>,\n"
         "    .destroy = &::troupe::internal::DestroyPayload<$Request$>,\n"
         "    .complete = &::troupe::internal::CompleteUnary<$Request$,\n"
         "        $Response$>,\n";
}

// With $argument$ for what the request is made from.
const char* SendTemplate(Shape shape) {
  if (shape == Shape::kOneway) {
    return "  return ::troupe::internal::SendRequest(\n"
           "      *this, &Methods::k$Method$Message, $argument$);\n";
  }
  return "  return {*this,\n"
         "      ::troupe::internal::EncloseRequest(&Methods::k$Method$Message, $argument$)};\n";
}

void PrintMethodsStruct(const pb::ServiceDescriptor& service, pb::io::Printer& printer) {
  printer.Print(WordsOf(service), "\nstruct $Service$::Methods {\n");
  for (int i = 0; i < service.method_count(); ++i) {
    printer.Print(WordsOf(*service.method(i)),
                  "  static const ::troupe::internal::MessageType k$Method$Message;\n"
                  "  static const ::troupe::internal::MethodInfo k$Method$Method;\n");
  }
  if (service.method_count() > 0) {
    printer.Print("  static const ::troupe::internal::MethodInfo* const kAll[];\n");
  }
  printer.Print("};\n");
}

void PrintMethodData(const pb::MethodDescriptor& method, pb::io::Printer& printer) {
  const Words words = WordsOf(method);
  printer.Print(words,
                "\nconstinit const ::troupe::internal::MessageType "
                "$Service$::Methods::k$Method$Message = {\n");
  printer.Print(words, HandlerTemplate(ShapeOf(method)));
  printer.Print(words,
                "    .name = \"$service_name$.$Method$\",\n"
                "    .method = &Methods::k$Method$Method,\n"
                "};\n"
                "constinit const ::troupe::internal::MethodInfo "
                "$Service$::Methods::k$Method$Method =\n"
                "    ::troupe::internal::WireMethod<$Request$, $Response$,\n"
                "        &Methods::k$Method$Message>({\n"
                "        .service = \"$service_name$\",\n"
                "        .name = \"$Method$\",\n"
                "        .index = $index$,\n"
                "        .kind = ::troupe::internal::MethodKind::$kind$,\n"
                "        .idempotent = $idempotent$,\n"
                "        .interleave = $interleave$,\n"
                "    });\n");
}

void PrintServiceInfo(const pb::ServiceDescriptor& service, pb::io::Printer& printer) {
  const Words words = WordsOf(service);
  const bool has_methods = service.method_count() > 0;
  if (has_methods) {
    printer.Print(words,
                  "\n"
                  "constinit const ::troupe::internal::MethodInfo* const\n"
                  "    $Service$::Methods::kAll[] = {\n");
    for (int i = 0; i < service.method_count(); ++i) {
      printer.Print(WordsOf(*service.method(i)), "        &Methods::k$Method$Method,\n");
    }
    printer.Print("};\n");
  }
  printer.Print(words,
                "\n"
                "constinit const ::troupe::internal::ServiceInfo $Service$::kServiceInfo = {\n"
                "    .name = \"$service_name$\",\n");
  printer.Print(has_methods ? "    .methods = Methods::kAll,\n" : "    .methods = {},\n");
  printer.Print("};\n");
}

void PrintSend(const pb::MethodDescriptor& method, const char* parameter, const char* argument,
               pb::io::Printer& printer) {
  Words words = WordsOf(method);
  words["argument"] = argument;
  const std::string head = "\n" + ResultOf(ShapeOf(method)) + " $Service$::Ref::$Method$(\n    " +
                           parameter + " request) const {\n";
  printer.Print(words, head.c_str());
  printer.Print(words, SendTemplate(ShapeOf(method)));
  printer.Print("}\n");
  if (ShapeOf(method) != Shape::kOneway) return;
  const std::string tagged = "\n::troupe::SendResult $Service$::Ref::$Method$(\n    " +
                             std::string(parameter) + " request, ::troupe::Tag tag) const {\n";
  printer.Print(words, tagged.c_str());
  printer.Print(words,
                "  return ::troupe::internal::SendRequest(\n"
                "      *this, &Methods::k$Method$Message, $argument$, tag);\n"
                "}\n");
}

// Besides the header.
void PrintIncludes(const pb::FileDescriptor& file, pb::io::Printer& printer) {
  bool has_methods = false;
  bool has_oneways = false;
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    for (int j = 0; j < service.method_count(); ++j) {
      has_methods = true;
      has_oneways |= ShapeOf(*service.method(j)) == Shape::kOneway;
    }
  }
  if (has_methods) printer.Print("\n#include <utility>\n");
  if (has_oneways) printer.Print("\n#include \"troupe/actors/service_oneway.h\"\n");
}

void PrintService(const pb::ServiceDescriptor& service, pb::io::Printer& printer) {
  PrintMethodsStruct(service, printer);
  for (int i = 0; i < service.method_count(); ++i) PrintMethodData(*service.method(i), printer);
  PrintServiceInfo(service, printer);
  for (int i = 0; i < service.method_count(); ++i) {
    PrintSend(*service.method(i), "const $Request$&", "request", printer);
    PrintSend(*service.method(i), "$Request$&&", "::std::move(request)", printer);
  }
}

}  // namespace

void WriteServiceSource(const pb::FileDescriptor& file, pb::io::ZeroCopyOutputStream& out) {
  pb::io::Printer printer(&out, '$');
  const Words words = {
      {"file", file.name()}, {"header", ServiceHeaderOf(file)}, {"namespace", NamespaceOf(file)}};
  printer.Print(words,
                "// Generated from $file$ by protoc-gen-troupe.\n"
                "#include \"$header$\"\n");
  PrintIncludes(file, printer);
  const bool has_namespace = file.service_count() > 0 && !file.package().empty();
  if (has_namespace) printer.Print(words, "\nnamespace $namespace$ {\n");
  for (int i = 0; i < file.service_count(); ++i) PrintService(*file.service(i), printer);
  if (has_namespace) printer.Print(words, "\n}  // namespace $namespace$\n");
}

}  // namespace troupe::codegen
