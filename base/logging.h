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

// The destination of log lines. The default writes to stderr from its own thread, through a bounded
// queue: Write never blocks a shard, and lines that do not fit are dropped and counted.
//
// Thread:   any.
// Bounds:   4 KiB of text per line before escaping; 2048 lines in the default's queue, which drops
//           its oldest line if it is full.
// Lifetime: the default lives to the end of the process, which waits for it for a second at most.
class LogSink {
 public:
  virtual ~LogSink() = default;

  // `line` has no newline; control characters in it are already escaped.
  virtual void Write(LogLevel level, std::string_view line) = 0;

  // Returns once everything written before is out, or after a second.
  virtual void Flush() = 0;

  // The number of lines dropped since the start.
  virtual uint64_t dropped_lines() const = 0;
};

// Sends the lines of this process to `sink` from now on, or to the default if it is null. Returns
// the previous sink. `sink` must outlive its use.
LogSink* SetLogSink(LogSink* sink);
LogSink& CurrentLogSink();

// Suppresses lines below `level`, which are not even formatted. Default: kInfo.
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

// Selected only if the overload above does not apply, to explain why at the line that logs.
template <typename... T>
requires(!(Loggable<T> && ...)) __attribute__((
    unavailable("TROUPE_LOG takes text, numbers, pointers, enums, absl::Status, "
                "absl::Duration, absl::Time and what has ToString(); write the value "
                "as one of these"))) void LogPieces(LogLevel level, std::string_view file, int line,
                                                    const T&... values);

}  // namespace internal
}  // namespace troupe

// g++ reports an error inside a macro at the macro's use only if a system header defines it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC system_header
#endif

// Logs one line: TROUPE_LOG(kWarning, "peer ", Printable(name), " left: ", status). The pieces are
// text of any library, numbers, bool, pointers, enums (by their ToString(), else as numbers),
// absl::Status, absl::Duration, absl::Time, handles and whatever else has ToString(). They are not
// evaluated if the level is off.
#define TROUPE_LOG(level, ...)                                                                   \
  do {                                                                                           \
    if (::troupe::LogEnabled(::troupe::LogLevel::level)) {                                       \
      ::troupe::internal::LogPieces(::troupe::LogLevel::level, __FILE__, __LINE__, __VA_ARGS__); \
    }                                                                                            \
  } while (false)

#endif  // TROUPE_BASE_LOGGING_H_
