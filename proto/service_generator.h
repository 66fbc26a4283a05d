#ifndef TROUPE_PROTO_SERVICE_GENERATOR_H_
#define TROUPE_PROTO_SERVICE_GENERATOR_H_

#include <google/protobuf/compiler/code_generator.h>

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::codegen {

// Makes x.troupe.h and x.troupe.cc of x.proto, or says what is wrong with it.
//
// Thread: any, one at a time.
class ServiceGenerator final : public google::protobuf::compiler::CodeGenerator {
 public:
  // Errors: all of FindMistakes(), a line each; an unknown `parameter`. Then nothing is written.
  bool Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                google::protobuf::compiler::GeneratorContext* context,
                std::string* error) const override;
  // As Generate for each file; the mistakes of all of them, where the inherited one stops at the
  // first and repeats its name.
  bool GenerateAll(const std::vector<const google::protobuf::FileDescriptor*>& files,
                   const std::string& parameter,
                   google::protobuf::compiler::GeneratorContext* context,
                   std::string* error) const override;
  uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
};

}  // namespace troupe::codegen

#endif  // TROUPE_PROTO_SERVICE_GENERATOR_H_
