#ifndef TROUPE_TESTS_PROTO_GENERATOR_FIXTURE_H_
#define TROUPE_TESTS_PROTO_GENERATOR_FIXTURE_H_

#include <map>
#include <string>
#include <string_view>

namespace troupe::codegen {

// What became of one .proto.
struct Generated {
  std::string error;  // Empty when it was generated.
  std::map<std::string, std::string> files;
};

// Runs the generator in this process over .proto files that a test writes. They may import each
// other, troupe/proto/options.proto and the well-known types.
class GeneratorFixture {
 public:
  // Makes `text` importable as `name`.
  void Add(const std::string& name, std::string_view text) { files_[name] = text; }
  // What protoc itself refuses is an error too, one that begins with "protoc: ".
  Generated Run(const std::string& name, const std::string& parameter = "") const;

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace troupe::codegen

#endif  // TROUPE_TESTS_PROTO_GENERATOR_FIXTURE_H_
