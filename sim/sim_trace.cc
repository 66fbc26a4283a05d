#include "troupe/sim/sim_trace.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "troupe/base/text.h"

namespace troupe {

void SimTrace::Add(Instant when, std::string_view what, std::string_view who, uint64_t detail) {
  MixNumber(static_cast<uint64_t>(when.nanos));
  Mix(what);
  Mix(who);
  MixNumber(detail);
  if (lines_max_ == 0) return;
  Keep(absl::StrCat(SimTimeText(when), " ", AbslView(what), " ", AbslView(who), " ", detail));
}

void SimTrace::Mix(std::string_view bytes) {
  for (const char byte : bytes) {
    hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  }
  MixNumber(bytes.size());
}

void SimTrace::Note(Instant when, std::string_view text) {
  if (lines_max_ > 0) Keep(absl::StrCat(SimTimeText(when), " log ", AbslView(text)));
}

void SimTrace::MixNumber(uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) {
    hash_ = (hash_ ^ (number >> shift & 0xff)) * 0x100000001b3u;
  }
}

void SimTrace::Keep(std::string line) {
  if (lines_.size() == lines_max_) lines_.pop_front();
  lines_.push_back(std::move(line));
}

std::string SimTimeText(Instant when) {
  return absl::StrFormat("%d.%09d", when.nanos / 1'000'000'000, when.nanos % 1'000'000'000);
}

}  // namespace troupe
