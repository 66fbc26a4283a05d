#include "troupe/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace troupe::internal {

void CheckFailed(std::string_view file, int line, std::string_view expression,
                 std::string_view detail) {
  std::fprintf(stderr, "%.*s:%d: CHECK failed: %.*s%s%.*s\n", static_cast<int>(file.size()),
               file.data(), line, static_cast<int>(expression.size()), expression.data(),
               detail.empty() ? "" : ": ", static_cast<int>(detail.size()), detail.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace troupe::internal
