#include "troupe/base/logging.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace troupe {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::EndsWith;
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

enum class Colour : uint8_t { kRed, kGreen };
enum class Level { kLow = -3 };
std::string ToString(Colour colour) { return colour == Colour::kGreen ? "green" : "red"; }

struct Point {
  std::string ToString() const { return "(1, 2)"; }
};

TEST_F(LoggingTest, F157_TextOfAnyLibrary) {
  const std::string string = "a";
  char array[] = "d";
  const char* const missing = nullptr;
  TROUPE_LOG(kInfo, string, std::string_view("bxx").substr(0, 1), absl::string_view("cxx", 1),
             array, std::string("e") + "f", static_cast<const char*>("g"), 'h', missing);
  EXPECT_THAT(sink_.lines, ElementsAre(EndsWith("] abcdefgh(null)")));
}

TEST_F(LoggingTest, F157_StatusDurationAndTime) {
  TROUPE_LOG(kInfo, absl::NotFoundError("no such account"), " after ", absl::Milliseconds(1500));
  TROUPE_LOG(kInfo, absl::OkStatus(), " ", absl::InfiniteFuture());
  EXPECT_THAT(sink_.lines, ElementsAre(EndsWith("] NOT_FOUND: no such account after 1.5s"),
                                       EndsWith("] OK infinite-future")));
}

TEST_F(LoggingTest, F157_EnumsByNameIfTheyHaveOneElseByNumber) {
  TROUPE_LOG(kInfo, Colour::kGreen, " ", Level::kLow, " ", LogLevel::kWarning);
  EXPECT_THAT(sink_.lines, ElementsAre(EndsWith("] green -3 warning")));
}

TEST_F(LoggingTest, F157_NumbersOfEveryWidth) {
  TROUPE_LOG(kInfo, uint8_t{7}, " ", int64_t{-1}, " ", ~uint64_t{0}, " ", 1.5, " ", 2.5f, " ", true,
             " ", absl::Hex(255));
  EXPECT_THAT(sink_.lines, ElementsAre(EndsWith("] 7 -1 18446744073709551615 1.5 2.5 true ff")));
}

TEST_F(LoggingTest, F157_PointersAsAddressesAndWhatHasToString) {
  int* const nobody = nullptr;
  int here = 0;
  TROUPE_LOG(kInfo, nobody, " ", Point(), " ", &here, " ", nullptr);
  EXPECT_THAT(sink_.lines, ElementsAre(ContainsRegex("\\] \\(null\\) \\(1, 2\\) 0x[0-9a-f]+ "
                                                     "\\(null\\)$")));
}

static_assert(!internal::Loggable<std::array<int, 2>>);
static_assert(!internal::Loggable<int (*)()>);
static_assert(!internal::Loggable<int Point::*>);

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
