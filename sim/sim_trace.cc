#include "troupe/sim/sim_trace.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "troupe/base/text.h"

namespace troupe {
namespace {

// Its first eight bytes, or all of fewer, the first one lowest.
uint64_t FirstWord(std::string_view bytes) {
  uint64_t word = 0;
  if (bytes.size() >= sizeof(word)) {
    // One load, for a compiler that knows the count.
    for (size_t i = 0; i < sizeof(word); ++i) {
      word |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return word;
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    word |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return word;
}

}  // namespace

void SimTrace::Add(Instant when, std::string_view what, std::string_view who, uint64_t detail) {
  MixNumber(static_cast<uint64_t>(when.nanos));
  Mix(what);
  Mix(who);
  MixNumber(detail);
  if (lines_max_ == 0) return;
  Keep(absl::StrCat(SimTimeText(when), " ", AbslView(what), " ", AbslView(who), " ", detail));
}

void SimTrace::Mix(std::string_view bytes) {
  MixNumber(bytes.size());
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), sizeof(uint64_t)))) {
    MixNumber(FirstWord(bytes));
  }
}

void SimTrace::Note(Instant when, std::string_view text) {
  if (lines_max_ > 0) Keep(absl::StrCat(SimTimeText(when), " log ", AbslView(text)));
}

void SimTrace::MixNumber(uint64_t number) {
  hash_ = std::rotl(hash_ ^ number, 32) * 0x9e3779b97f4a7c15u;
}

void SimTrace::Keep(std::string line) {
  if (lines_.size() == lines_max_) lines_.pop_front();
  lines_.push_back(std::move(line));
}

std::string SimTimeText(Instant when) {
  return absl::StrFormat("%d.%09d", when.nanos / 1'000'000'000, when.nanos % 1'000'000'000);
}

}  // namespace troupe
