#include "troupe/base/logging.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace troupe {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::ExitedWithCode;
using ::testing::HasSubstr;

// Keeps the lines, of one thread.
class RecordingSink final : public LogSink {
 public:
  void Write(LogLevel level, std::string_view line) override {
    levels.push_back(level);
    lines.emplace_back(line);
  }
  void Flush() override {}
  uint64_t dropped_lines() const override { return 0; }

  std::vector<LogLevel> levels;
  std::vector<std::string> lines;
};

class LoggingTest : public ::testing::Test {
 protected:
  LoggingTest() : before_(SetLogSink(&sink_)) {}
  ~LoggingTest() override {
    SetLogSink(before_);
    SetLogLevel(LogLevel::kInfo);
  }

  RecordingSink sink_;

 private:
  LogSink* before_;
};

TEST_F(LoggingTest, LineNamesLevelFileAndPieces) {
  TROUPE_LOG(kWarning, "peer ", 7, " left");
  EXPECT_THAT(sink_.levels, ElementsAre(LogLevel::kWarning));
  EXPECT_THAT(sink_.lines, ElementsAre(ContainsRegex("^W logging_test.cc:[0-9]+\\] peer 7 left$")));
}

TEST_F(LoggingTest, LinesBelowTheLevelAreNotMade) {
  int made = 0;
  TROUPE_LOG(kDebug, ++made);
  SetLogLevel(LogLevel::kError);
  TROUPE_LOG(kWarning, ++made);
  EXPECT_EQ(made, 0);
  TROUPE_LOG(kError, ++made);
  EXPECT_EQ(made, 1);
}

TEST_F(LoggingTest, NewlinesInThePiecesDoNotMakeLines) {
  TROUPE_LOG(kInfo, "a\nE forged.cc:1] b");
  EXPECT_THAT(sink_.lines, ElementsAre(HasSubstr("] a\\nE forged.cc:1] b")));
}

TEST_F(LoggingTest, LongLinesAreCut) {
  TROUPE_LOG(kInfo, std::string(100000, 'x'));
  EXPECT_LT(sink_.lines.at(0).size(), 4200u);
  EXPECT_THAT(sink_.lines.at(0), HasSubstr("xxx..."));
}

TEST_F(LoggingTest, SetLogSinkReturnsTheOneBefore) {
  RecordingSink other;
  EXPECT_EQ(SetLogSink(&other), &sink_);
  EXPECT_EQ(SetLogSink(&sink_), &other);
}

TEST_F(LoggingTest, UsableAsTheOnlyStatementOfABranch) {
  if (sink_.lines.empty())
    TROUPE_LOG(kInfo, "then");
  else
    TROUPE_LOG(kInfo, "else");
  EXPECT_THAT(sink_.lines, ElementsAre(HasSubstr("then")));
}

// The default sink's tests run in a process of their own, whose stderr they take.

// More than the queue and a pipe hold.
constexpr int kFlood = 20000;

void Flood() {
  const std::string text(200, 'x');
  for (int i = 0; i < kFlood; ++i) TROUPE_LOG(kInfo, text);
}

void ReplaceStderr(int fd) {
  if (dup2(fd, STDERR_FILENO) < 0) std::_Exit(90);
}

// Ends the test's process the usual way; what it says on stderr would be lost here.
[[noreturn]] void ExitWith(bool ok) { std::exit(ok ? 0 : 91); }

TEST(DefaultSinkDeathTest, LinesReachStderrWithAStampBeforeTheProcessEnds) {
  EXPECT_EXIT(
      {
        TROUPE_LOG(kInfo, "the last words");
        std::exit(0);
      },
      ExitedWithCode(0),
      "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3} I logging_test.cc:[0-9]+\\] the last "
      "words");
}

TEST(DefaultSinkDeathTest, FlushReturnsAfterTheLinesAreOut) {
  EXPECT_EXIT(
      {
        for (int i = 0; i < 100; ++i) TROUPE_LOG(kInfo, "line ", i, ";");
        CurrentLogSink().Flush();
        if (CurrentLogSink().dropped_lines() != 0) std::_Exit(92);
        std::_Exit(0);
      },
      ExitedWithCode(0), "line 99;");
}

TEST(DefaultSinkDeathTest, FullPipeBlocksNeitherWritersNorFlushNorTheEnd) {
  EXPECT_EXIT(
      {
        int ends[2];
        if (pipe(ends) != 0) std::_Exit(93);
        ReplaceStderr(ends[1]);
        Flood();
        CurrentLogSink().Flush();
        ExitWith(CurrentLogSink().dropped_lines() > 0);
      },
      ExitedWithCode(0), "");
}

TEST(DefaultSinkDeathTest, ReaderThatWentAwayDoesNotEndTheProcess) {
  EXPECT_EXIT(
      {
        int ends[2];
        if (pipe(ends) != 0) std::_Exit(93);
        ReplaceStderr(ends[1]);
        close(ends[0]);
        Flood();
        CurrentLogSink().Flush();
        ExitWith(true);
      },
      ExitedWithCode(0), "");
}

TEST(DefaultSinkDeathTest, ClosedStderrDoesNotEndTheProcess) {
  EXPECT_EXIT(
      {
        close(STDERR_FILENO);
        Flood();
        CurrentLogSink().Flush();
        ExitWith(true);
      },
      ExitedWithCode(0), "");
}

TEST(DefaultSinkDeathTest, FullDiskDoesNotEndTheProcess) {
  EXPECT_EXIT(
      {
        const int full = open("/dev/full", O_WRONLY);
        ReplaceStderr(full);
        Flood();
        CurrentLogSink().Flush();
        ExitWith(true);
      },
      ExitedWithCode(0), "");
}

TEST(DefaultSinkDeathTest, LinesOfSeveralThreadsAreAllWrittenOrCounted) {
  EXPECT_EXIT(
      {
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
          threads.emplace_back([] {
            for (int i = 0; i < 200; ++i) TROUPE_LOG(kInfo, "x");
          });
        }
        for (std::thread& thread : threads) thread.join();
        CurrentLogSink().Flush();
        ExitWith(CurrentLogSink().dropped_lines() == 0);
      },
      ExitedWithCode(0), "");
}

}  // namespace
}  // namespace troupe
