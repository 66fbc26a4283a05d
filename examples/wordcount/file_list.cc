#include "troupe/examples/wordcount/file_list.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace wordcount {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kBatchBytes = 2u << 20;

class Lister {
 public:
  explicit Lister(size_t batch_files) : batch_files_(batch_files) {}

  void Visit(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(path, error);
    if (error || status.type() == fs::file_type::not_found) {
      const std::error_code why =
          error ? error : std::make_error_code(std::errc::no_such_file_or_directory);
      Problem(path, why);
    } else if (status.type() == fs::file_type::regular) {
      Add(path);
    } else if (status.type() == fs::file_type::directory) {
      VisitFolder(path);
    }
  }

  FileList Finish() {
    Cut();
    return std::move(list_);
  }

 private:
  void VisitFolder(const fs::path& folder) {
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    if (error) return Problem(folder, error);
    while (entry != fs::directory_iterator()) {
      Visit(entry->path());
      entry.increment(error);
      if (error) return Problem(folder, error);
    }
  }

  void Add(const fs::path& file) {
    std::error_code error;
    const uint64_t bytes = fs::file_size(file, error);
    batch_.push_back(file.string());
    batch_bytes_ += error ? 0 : bytes;
    ++list_.files;
    if (batch_bytes_ >= kBatchBytes || batch_.size() >= batch_files_) Cut();
  }

  void Cut() {
    if (!batch_.empty()) list_.batches.push_back(std::exchange(batch_, {}));
    batch_bytes_ = 0;
  }

  void Problem(const fs::path& path, const std::error_code& why) {
    list_.problems.push_back(absl::StrCat(path.string(), ": ", why.message()));
  }

  const size_t batch_files_;
  FileList list_;
  FileBatch batch_;
  uint64_t batch_bytes_ = 0;
};

}  // namespace

FileList ListFiles(const std::vector<std::string>& paths, size_t batch_files) {
  Lister lister(batch_files);
  for (const std::string& path : paths) lister.Visit(path);
  return lister.Finish();
}

}  // namespace wordcount
