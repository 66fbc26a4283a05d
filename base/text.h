#ifndef TROUPE_BASE_TEXT_H_
#define TROUPE_BASE_TEXT_H_

#include <string_view>

#include "absl/strings/string_view.h"

namespace troupe {

// Between the standard's string_view and Abseil's, which a packaged Abseil may keep apart.
inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view StdView(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace troupe

#endif  // TROUPE_BASE_TEXT_H_
