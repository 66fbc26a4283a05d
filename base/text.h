#ifndef TROUPE_BASE_TEXT_H_
#define TROUPE_BASE_TEXT_H_

#include <string_view>

#include "absl/strings/string_view.h"

namespace troupe {

// Convert between the standard string_view and Abseil's, which may be distinct types in a packaged
// Abseil.
inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view StdView(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace troupe

#endif  // TROUPE_BASE_TEXT_H_
