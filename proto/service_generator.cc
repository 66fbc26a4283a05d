#include "troupe/proto/service_generator.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <memory>

#include "troupe/proto/cpp_names.h"
#include "troupe/proto/service_header.h"
#include "troupe/proto/service_rules.h"
#include "troupe/proto/service_source.h"

namespace troupe::codegen {

namespace pb = google::protobuf;

bool ServiceGenerator::Generate(const pb::FileDescriptor* file, const std::string& parameter,
                                pb::compiler::GeneratorContext* context, std::string* error) const {
  if (!parameter.empty()) {
    *error = "unknown parameter '" + parameter + "'; there are none";
    return false;
  }
  for (const std::string& mistake : FindMistakes(*file)) {
    *error += (error->empty() ? "" : "\n") + mistake;
  }
  if (!error->empty()) return false;
  const std::unique_ptr<pb::io::ZeroCopyOutputStream> header(context->Open(ServiceHeaderOf(*file)));
  WriteServiceHeader(*file, *header);
  const std::unique_ptr<pb::io::ZeroCopyOutputStream> source(context->Open(ServiceSourceOf(*file)));
  WriteServiceSource(*file, *source);
  return true;
}

bool ServiceGenerator::GenerateAll(const std::vector<const pb::FileDescriptor*>& files,
                                   const std::string& parameter,
                                   pb::compiler::GeneratorContext* context,
                                   std::string* error) const {
  for (const pb::FileDescriptor* file : files) {
    std::string mistakes;
    if (!Generate(file, parameter, context, &mistakes)) {
      *error += (error->empty() ? "" : "\n") + mistakes;
    }
  }
  return error->empty();
}

}  // namespace troupe::codegen
