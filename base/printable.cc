#include "troupe/base/printable.h"

#include <array>
#include <cstdint>

namespace troupe {
namespace {

// The character that a text begins with. `bytes` is 0 when it begins with none: no UTF-8.
struct Character {
  char32_t code = 0;
  size_t bytes = 0;
};

struct Utf8Form {
  uint8_t lead_mask;
  uint8_t lead;
  char32_t code_min;
};

// By the number of bytes after the first; `code_min` refuses forms that are longer than needed.
constexpr std::array<Utf8Form, 4> kForms = {{
    {0x80, 0x00, 0},
    {0xe0, 0xc0, 0x80},
    {0xf0, 0xe0, 0x800},
    {0xf8, 0xf0, 0x10000},
}};

bool IsUnicode(char32_t code) { return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff); }

Character ReadForm(std::string_view text, size_t more) {
  if (text.size() <= more) return {};
  char32_t code = static_cast<uint8_t>(text[0]) & static_cast<uint8_t>(~kForms[more].lead_mask);
  for (size_t i = 1; i <= more; ++i) {
    const uint8_t byte = static_cast<uint8_t>(text[i]);
    if ((byte & 0xc0) != 0x80) return {};
    code = code << 6 | (byte & 0x3f);
  }
  if (code < kForms[more].code_min || !IsUnicode(code)) return {};
  return {code, more + 1};
}

// `text` is not empty.
Character ReadCharacter(std::string_view text) {
  const uint8_t lead = static_cast<uint8_t>(text[0]);
  for (size_t more = 0; more < kForms.size(); ++more) {
    if ((lead & kForms[more].lead_mask) == kForms[more].lead) return ReadForm(text, more);
  }
  return {};
}

// What moves the cursor, breaks the line or turns the direction of writing.
bool IsControl(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200e && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
         code == 0x61c || code == 0xfeff;
}

void AppendHex(std::string_view bytes, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const uint8_t byte = static_cast<uint8_t>(c);
    out += "\\x";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xf];
  }
}

void AppendControl(std::string_view bytes, std::string& out) {
  switch (bytes[0]) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      AppendHex(bytes, out);
  }
}

bool IsQuoting(char32_t code) { return code == '"' || code == '\'' || code == '\\'; }

std::string Escape(std::string_view text, size_t bytes_max, bool escape_quotes) {
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const Character character = ReadCharacter(text.substr(at));
    const std::string_view bytes = text.substr(at, character.bytes == 0 ? 1 : character.bytes);
    if (at + bytes.size() > bytes_max) return out + "...";
    at += bytes.size();
    if (character.bytes == 0) {
      AppendHex(bytes, out);
    } else if (IsControl(character.code)) {
      AppendControl(bytes, out);
    } else {
      if (escape_quotes && IsQuoting(character.code)) out += '\\';
      out += bytes;
    }
  }
  return out;
}

}  // namespace

std::string Printable(std::string_view text, size_t bytes_max) {
  return Escape(text, bytes_max, true);
}

std::string PrintableLine(std::string_view line, size_t bytes_max) {
  return Escape(line, bytes_max, false);
}

}  // namespace troupe
