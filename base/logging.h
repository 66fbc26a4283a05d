#ifndef TROUPE_BASE_LOGGING_H_
#define TROUPE_BASE_LOGGING_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "troupe/base/log_piece.h"
#include "troupe/base/printable.h"

namespace troupe {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

std::string_view ToString(LogLevel level);

// Takes one line at a time. The default writes to stderr from a thread of its own through a
// bounded queue: Write never blocks a shard, and what does not fit is dropped and counted.
//
// Thread:   any.
// Bounds:   4 KiB of text a line before escaping; 2048 lines in the default's queue, which loses
//           its oldest when it is full.
// Lifetime: the default lives to the end of the process, which waits for it a second at most.
class LogSink {
 public:
  virtual ~LogSink() = default;

  // `line` has no newline; control characters in it are already escaped.
  virtual void Write(LogLevel level, std::string_view line) = 0;

  // Returns when everything written before is out, or after a second.
  virtual void Flush() = 0;

  // Lines that did not fit since the start.
  virtual uint64_t dropped_lines() const = 0;
};

// Where lines of this process go from now on; nullptr gives the default back. `sink` must
// outlive its use. Returns what was set before.
LogSink* SetLogSink(LogSink* sink);
LogSink& CurrentLogSink();

// Lines below this level are not made at all. Default: kInfo.
void SetLogLevel(LogLevel level);
bool LogEnabled(LogLevel level);

namespace internal {

void LogLine(LogLevel level, std::string_view file, int line, const LogPiece* pieces, size_t count);

template <typename... T>
requires(Loggable<T>&&...) void LogPieces(LogLevel level, std::string_view file, int line,
                                          const T&... values) {
  const LogPiece pieces[] = {LogPiece(values)...};
  LogLine(level, file, line, pieces, sizeof...(values));
}

// Reached only where the one above does not fit, to say so at the line that logs.
template <typename... T>
requires(!(Loggable<T> && ...)) __attribute__((
    unavailable("TROUPE_LOG takes text, numbers, pointers, enums, absl::Status, "
                "absl::Duration, absl::Time and what has ToString(); write the value "
                "as one of these"))) void LogPieces(LogLevel level, std::string_view file, int line,
                                                    const T&... values);

}  // namespace internal
}  // namespace troupe

// g++ shows an error inside of a macro where the macro is used only if a system header defines it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC system_header
#endif

// One line: TROUPE_LOG(kWarning, "peer ", Printable(name), " left: ", status). Pieces are text of
// any library, numbers, bool, pointers, enums (by their ToString(), or else as numbers),
// absl::Status, absl::Duration, absl::Time, handles and whatever else has ToString(). They are not
// evaluated when the level is off.
#define TROUPE_LOG(level, ...)                                                                   \
  do {                                                                                           \
    if (::troupe::LogEnabled(::troupe::LogLevel::level)) {                                       \
      ::troupe::internal::LogPieces(::troupe::LogLevel::level, __FILE__, __LINE__, __VA_ARGS__); \
    }                                                                                            \
  } while (false)

#endif  // TROUPE_BASE_LOGGING_H_
