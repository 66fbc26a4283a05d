#include "troupe/examples/wordcount/word_table.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace wordcount {
namespace {

// Maps a letter to lower case, and any other byte to 0.
constexpr std::array<char, 256> kLetters = [] {
  std::array<char, 256> letters{};
  for (int c = 'a'; c <= 'z'; ++c) {
    letters[c] = static_cast<char>(c);
    letters[c - 'a' + 'A'] = static_cast<char>(c);
  }
  return letters;
}();

}  // namespace

void WordTable::AddPiece(std::string_view piece) {
  for (const char c : piece) {
    const char letter = kLetters[static_cast<unsigned char>(c)];
    if (letter != 0) {
      unfinished_.push_back(letter);
    } else if (!unfinished_.empty()) {
      EndText();
    }
  }
}

void WordTable::EndText() {
  if (unfinished_.empty()) return;
  ++counts_[unfinished_];
  unfinished_.clear();
}

void WordTable::Add(std::string_view word, uint64_t count) {
  counts_[absl::string_view(word.data(), word.size())] += count;
}

std::string WordTable::ToText() const {
  std::vector<const std::pair<const std::string, uint64_t>*> sorted;
  sorted.reserve(counts_.size());
  for (const auto& entry : counts_) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  std::string text;
  for (const auto* entry : sorted) absl::StrAppend(&text, entry->first, " ", entry->second, "\n");
  return text;
}

std::vector<std::pair<std::string, uint64_t>> WordTable::Top(size_t most) const {
  std::vector<std::pair<std::string, uint64_t>> words(counts_.begin(), counts_.end());
  const size_t shown = std::min(most, words.size());
  std::partial_sort(words.begin(), words.begin() + shown, words.end(),
                    [](const auto& a, const auto& b) {
                      return a.second != b.second ? a.second > b.second : a.first < b.first;
                    });
  words.resize(shown);
  return words;
}

}  // namespace wordcount
