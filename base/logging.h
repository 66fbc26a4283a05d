#ifndef TROUPE_BASE_LOGGING_H_
#define TROUPE_BASE_LOGGING_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "troupe/base/printable.h"

namespace troupe {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

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
void LogLine(LogLevel level, std::string_view file, int line, std::string_view text);
}  // namespace internal
}  // namespace troupe

// One line: TROUPE_LOG(kWarning, "peer ", Printable(name), " left"). The pieces are what
// absl::StrCat takes; they are not evaluated when the level is off.
#define TROUPE_LOG(level, ...)                                                   \
  do {                                                                           \
    if (::troupe::LogEnabled(::troupe::LogLevel::level)) {                       \
      ::troupe::internal::LogLine(::troupe::LogLevel::level, __FILE__, __LINE__, \
                                  ::absl::StrCat(__VA_ARGS__));                  \
    }                                                                            \
  } while (false)

#endif  // TROUPE_BASE_LOGGING_H_
