#include "troupe/base/logging.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"
#include "spdlog/async_logger.h"
#include "spdlog/details/thread_pool.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/sink.h"
#include "troupe/base/printable.h"
#include "troupe/base/text.h"

namespace troupe {
namespace {

constexpr size_t kLineBytesMax = 4096;
constexpr size_t kLinesMax = 2048;
constexpr auto kFlushTimeout = std::chrono::seconds(1);

// The far end of spdlog's queue, on its thread: writes a line, however long stderr blocks, and
// counts it.
//
// Thread: log() the writer's; WaitFor() any.
class StderrSink final : public spdlog::sinks::sink {
 public:
  StderrSink() {
    if (out_ != nullptr) std::setvbuf(out_, nullptr, _IONBF, 0);
  }

  void log(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_.format(message, line);
    // A closed stderr or a full disk loses the line; nobody is left to tell.
    if (out_ != nullptr) (void)std::fwrite(line.data(), 1, line.size(), out_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++written_;
    }
    changed_.notify_all();
  }

  // Waits until `done(lines written)`, for kFlushTimeout.
  template <typename Done>
  void WaitFor(Done done) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, kFlushTimeout, [&] { return done(written_); });
  }

  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  // Not `stderr` itself: its lock would be held while a line blocks, and the process's end, which
  // flushes std::cerr, would wait for it. nullptr when stderr was closed at the first line.
  std::FILE* const out_ = fdopen(fileno(stderr), "w");
  spdlog::pattern_formatter formatter_{"%Y-%m-%dT%H:%M:%S.%e %v"};
  std::condition_variable changed_;
  // Not a message: whoever waits in Flush() is a plain thread.
  std::mutex mutex_;
  uint64_t written_ = 0;  // Guarded by mutex_.
};

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// On the writer's thread: a reader of stderr that went away is an error of fwrite, not a SIGPIPE,
// and no signal meant for a shard ends up here.
void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

// The default: spdlog's asynchronous logger, whose queue loses its oldest line when it is full.
//
// The writer is the one thread that Platform does not start: simulation sets a sink of its own,
// and a line must get out while no platform exists yet or any more.
//
// Lifetime: for ever. spdlog's pool joins its thread, which would hang the process's end while
//           stderr blocks.
class AsyncStderr final : public LogSink {
 public:
  AsyncStderr()
      : sink_(std::make_shared<StderrSink>()),
        pool_(std::make_shared<spdlog::details::thread_pool>(kLinesMax, 1, &BlockSignals)),
        logger_(std::make_shared<spdlog::async_logger>(
            "", sink_, pool_, spdlog::async_overflow_policy::overrun_oldest)) {
    logger_->set_level(spdlog::level::trace);
  }

  void Write(LogLevel level, std::string_view line) override {
    // Counted after, so that Flush() never waits for a line that is not in the queue yet.
    logger_->log(SpdlogLevel(level), spdlog::string_view_t(line.data(), line.size()));
    accepted_.fetch_add(1, std::memory_order_relaxed);
  }

  void Flush() override {
    const uint64_t accepted = accepted_.load(std::memory_order_relaxed);
    sink_->WaitFor([&](uint64_t written) { return written + dropped_lines() >= accepted; });
  }

  uint64_t dropped_lines() const override { return pool_->overrun_counter(); }

 private:
  const std::shared_ptr<StderrSink> sink_;
  const std::shared_ptr<spdlog::details::thread_pool> pool_;
  const std::shared_ptr<spdlog::async_logger> logger_;
  // Relaxed: a count that publishes nothing.
  std::atomic<uint64_t> accepted_{0};
};

AsyncStderr& DefaultSink() {
  static AsyncStderr* const sink = [] {
    std::atexit([] { DefaultSink().Flush(); });
    return new AsyncStderr();
  }();
  return *sink;
}

// nullptr stands for the default, which is only made when it is used.
std::atomic<LogSink*> current_sink{nullptr};
std::atomic<LogLevel> current_level{LogLevel::kInfo};

char Letter(LogLevel level) {
  constexpr std::string_view kLetters = "DIWE";
  return kLetters[static_cast<size_t>(level)];
}

std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0.
}

}  // namespace

std::string_view ToString(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "?";
}

LogSink* SetLogSink(LogSink* sink) {
  // Release: who reads the pointer sees the sink as it was made. Acquire: for the one returned.
  return current_sink.exchange(sink, std::memory_order_acq_rel);
}

LogSink& CurrentLogSink() {
  // Pairs with the exchange in SetLogSink().
  LogSink* const sink = current_sink.load(std::memory_order_acquire);
  return sink != nullptr ? *sink : DefaultSink();
}

// Relaxed: a line more or less around a change of level matters to nobody.
void SetLogLevel(LogLevel level) { current_level.store(level, std::memory_order_relaxed); }
bool LogEnabled(LogLevel level) { return level >= current_level.load(std::memory_order_relaxed); }

namespace internal {

void LogLine(LogLevel level, std::string_view file, int line, const LogPiece* pieces,
             size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) pieces[i].AppendTo(text);
  const std::string prefix =
      absl::StrCat(std::string(1, Letter(level)), " ", AbslView(BaseName(file)), ":", line, "] ");
  CurrentLogSink().Write(level, prefix + PrintableLine(text, kLineBytesMax));
}

}  // namespace internal
}  // namespace troupe
