#ifndef TROUPE_EXAMPLES_WORDCOUNT_FILE_LIST_H_
#define TROUPE_EXAMPLES_WORDCOUNT_FILE_LIST_H_

#include <cstdint>
#include <string>
#include <vector>

namespace wordcount {

// Files that one Count request is given.
using FileBatch = std::vector<std::string>;

struct FileList {
  std::vector<FileBatch> batches;
  uint64_t files = 0;
  std::vector<std::string> problems;  // One line each.
};

// The regular files at and under `paths`, in batches of bounded size. Symbolic links are not
// followed. Blocks: call it on a worker.
FileList ListFiles(const std::vector<std::string>& paths);

}  // namespace wordcount

#endif  // TROUPE_EXAMPLES_WORDCOUNT_FILE_LIST_H_
