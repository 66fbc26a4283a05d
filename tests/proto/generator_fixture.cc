#include "troupe/tests/proto/generator_fixture.h"

#include <google/protobuf/compiler/code_generator.h>
#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <memory>
#include <string>
#include <utility>

#include "troupe/proto/service_generator.h"

namespace troupe::codegen {
namespace {

namespace pb = google::protobuf;

// What an input stream reads, kept as long as the stream.
class TextStream final : public pb::io::ZeroCopyInputStream {
 public:
  explicit TextStream(std::string text)
      : text_(std::move(text)), stream_(text_.data(), static_cast<int>(text_.size())) {}

  bool Next(const void** data, int* size) override { return stream_.Next(data, size); }
  void BackUp(int count) override { stream_.BackUp(count); }
  bool Skip(int count) override { return stream_.Skip(count); }
  int64_t ByteCount() const override { return stream_.ByteCount(); }

 private:
  const std::string text_;
  pb::io::ArrayInputStream stream_;
};

// The test's own files, then those whose code this program has.
class FilesOfTest final : public pb::compiler::SourceTree {
 public:
  explicit FilesOfTest(const std::map<std::string, std::string>& files) : files_(files) {}

  pb::io::ZeroCopyInputStream* Open(const std::string& name) override {
    const auto own = files_.find(name);
    if (own != files_.end()) return new TextStream(own->second);
    const pb::FileDescriptor* linked = pb::DescriptorPool::generated_pool()->FindFileByName(name);
    return linked == nullptr ? nullptr : new TextStream(linked->DebugString());
  }

 private:
  const std::map<std::string, std::string>& files_;
};

class FirstError final : public pb::compiler::MultiFileErrorCollector {
 public:
  void AddError(const std::string& file, int line, int column,
                const std::string& message) override {
    if (!text.empty()) return;
    text =
        file + ":" + std::to_string(line + 1) + ":" + std::to_string(column + 1) + ": " + message;
  }

  std::string text;
};

class FilesMade final : public pb::compiler::GeneratorContext {
 public:
  explicit FilesMade(std::map<std::string, std::string>& files) : files_(files) {}

  pb::io::ZeroCopyOutputStream* Open(const std::string& name) override {
    return new pb::io::StringOutputStream(&files_[name]);
  }

 private:
  std::map<std::string, std::string>& files_;
};

}  // namespace

Generated GeneratorFixture::Run(const std::string& name, const std::string& parameter) const {
  Generated result;
  FilesOfTest files(files_);
  FirstError protoc;
  pb::compiler::Importer importer(&files, &protoc);
  const pb::FileDescriptor* file = importer.Import(name);
  if (file == nullptr) {
    result.error = "protoc: " + protoc.text;
    return result;
  }
  FilesMade made(result.files);
  const bool ok = ServiceGenerator().Generate(file, parameter, &made, &result.error);
  if (ok != result.error.empty()) result.error = "a failure without a reason, or the reverse";
  return result;
}

}  // namespace troupe::codegen
