#ifndef TROUPE_EXAMPLES_WORDCOUNT_FILE_LIST_H_
#define TROUPE_EXAMPLES_WORDCOUNT_FILE_LIST_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wordcount {

// The files of one Count request.
using FileBatch = std::vector<std::string>;

struct FileList {
  std::vector<FileBatch> batches;
  uint64_t files = 0;
  std::vector<std::string> problems;  // One line each.
};

// Lists the regular files at and under `paths`, in batches of bounded size, of at most
// `batch_files` files. Does not follow symbolic links. Blocks: call it on a worker.
FileList ListFiles(const std::vector<std::string>& paths, size_t batch_files);

}  // namespace wordcount

#endif  // TROUPE_EXAMPLES_WORDCOUNT_FILE_LIST_H_
