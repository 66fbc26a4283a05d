#include "troupe/base/log_piece.h"

#include "absl/strings/str_cat.h"

namespace troupe::internal {

void AppendSigned(std::string& line, int64_t value) { absl::StrAppend(&line, value); }
void AppendUnsigned(std::string& line, uint64_t value) { absl::StrAppend(&line, value); }
void AppendDouble(std::string& line, double value) { absl::StrAppend(&line, value); }

void AppendPointer(std::string& line, const void* value) {
  if (value == nullptr) {
    line += "(null)";
  } else {
    absl::StrAppend(&line, "0x", absl::Hex(reinterpret_cast<uintptr_t>(value)));
  }
}

}  // namespace troupe::internal
