#include "troupe/base/printable.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "troupe/base/random.h"

namespace troupe {
namespace {

using namespace std::string_view_literals;

TEST(PrintableTest, PlainTextAndUtf8StandAsTheyAre) {
  EXPECT_EQ(Printable("alice-1 Grüße 日本 🎭"), "alice-1 Grüße 日本 🎭");
  EXPECT_EQ(Printable(""), "");
}

TEST(PrintableTest, ControlCharactersAreEscaped) {
  EXPECT_EQ(Printable("a\nb\r\t\x1b[31m\x7f\0z"sv), "a\\nb\\r\\t\\x1b[31m\\x7f\\x00z");
}

TEST(PrintableTest, C1ControlsAndDirectionMarksAreEscaped) {
  EXPECT_EQ(Printable("\xc2\x85"), "\\xc2\\x85");
  EXPECT_EQ(Printable("\xe2\x80\xae"
                      "evil"),
            "\\xe2\\x80\\xae"
            "evil");
}

TEST(PrintableTest, QuotesAndBackslashesAreEscaped) {
  EXPECT_EQ(Printable("a\"b'c\\n"), "a\\\"b\\'c\\\\n");
}

TEST(PrintableTest, InvalidUtf8IsEscapedByteByByte) {
  EXPECT_EQ(Printable("\xff"), "\\xff");
  EXPECT_EQ(Printable("\xc3"), "\\xc3");                             // Cut short.
  EXPECT_EQ(Printable("\x80x"), "\\x80x");                           // Begins in the middle.
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");                    // Longer than needed.
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // A surrogate.
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // Past the last character.
}

TEST(PrintableTest, CutIsMarkedAndKeepsCharactersWhole) {
  EXPECT_EQ(Printable("abcdef", 6), "abcdef");
  EXPECT_EQ(Printable("abcdef", 3), "abc...");
  EXPECT_EQ(Printable("aüb", 2), "a...");
  EXPECT_EQ(Printable("abc", 0), "...");
}

TEST(PrintableTest, LineKeepsQuotesAndEscapes) {
  EXPECT_EQ(PrintableLine("peer \"a\\nb\"\nleft", 100), "peer \"a\\nb\"\\nleft");
}

TEST(PrintableTest, RandomBytesGiveBoundedTextWithoutControls) {
  Random random(5);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random.Below(64), '\0');
    for (char& c : bytes) c = static_cast<char>(random.Next());
    const std::string shown = Printable(bytes, 40);
    ASSERT_LE(shown.size(), 4u * 40 + 3);
    for (const char c : shown) ASSERT_GE(static_cast<unsigned char>(c), 0x20) << shown;
    ASSERT_EQ(PrintableLine(shown, 1000), shown);
  }
}

}  // namespace
}  // namespace troupe
