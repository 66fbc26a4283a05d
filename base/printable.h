#ifndef TROUPE_BASE_PRINTABLE_H_
#define TROUPE_BASE_PRINTABLE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe {

// Returns `text`, cut to `bytes_max`, with control characters, quotes, backslashes and invalid
// UTF-8 escaped, so that a peer's string is safe in a log line. A cut text ends in "...".
// Thread: any.
// Bounds: at most 4 x `bytes_max` + 3 bytes.
std::string Printable(std::string_view text, size_t bytes_max = 256);

// Does the same for a line made of such pieces, except that quotes and backslashes stay.
std::string PrintableLine(std::string_view line, size_t bytes_max);

}  // namespace troupe

#endif  // TROUPE_BASE_PRINTABLE_H_
