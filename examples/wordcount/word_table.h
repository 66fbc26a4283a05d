#ifndef TROUPE_EXAMPLES_WORDCOUNT_WORD_TABLE_H_
#define TROUPE_EXAMPLES_WORDCOUNT_WORD_TABLE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace wordcount {

// Counts how often each word occurs. A word is a run of ASCII letters, in lower case; all other
// bytes separate words.
class WordTable {
 public:
  // Counts the words of one text in pieces; a word may span pieces.
  void AddPiece(std::string_view piece);
  void EndText();

  void Add(std::string_view word, uint64_t count);

  // Returns "word count\n" for each word, in alphabetical order.
  std::string ToText() const;

  // Returns the `most` most frequent words, the most frequent first, words of equal count in
  // alphabetical order.
  std::vector<std::pair<std::string, uint64_t>> Top(size_t most) const;

  size_t distinct_words() const { return counts_.size(); }

 private:
  absl::flat_hash_map<std::string, uint64_t> counts_;
  std::string unfinished_;  // A word that the next piece may continue.
};

}  // namespace wordcount

#endif  // TROUPE_EXAMPLES_WORDCOUNT_WORD_TABLE_H_
