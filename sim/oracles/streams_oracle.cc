#include "troupe/sim/oracles/streams_oracle.h"

#include "absl/strings/str_cat.h"

namespace troupe {

uint64_t StreamsOracle::New(uint64_t reader) {
  const uint64_t number = streams_.size() + 1;
  streams_.emplace(number, Stream{.reader = reader});
  return number;
}

void StreamsOracle::Read(uint64_t number, uint64_t item) {
  Stream& stream = streams_.at(number);
  if (stream.over) run_.Wrong(absl::StrCat("stream ", number, " has an item after its end"));
  if (item != stream.read) {
    run_.Wrong(absl::StrCat("stream ", number, " has item ", item, " instead of ", stream.read));
  }
  stream.read = item + 1;
  if (stream.read > stream.written) {
    run_.Wrong(absl::StrCat("stream ", number, " has an item that nobody wrote"));
  }
}

void StreamsOracle::Ended(uint64_t number, const absl::Status& status) {
  Stream& stream = streams_.at(number);
  if (stream.over) run_.Wrong(absl::StrCat("stream ", number, " has a second end"));
  stream.over = true;
  if (!status.ok() || stream.read == stream.written) return;
  run_.Wrong(absl::StrCat("stream ", number, " ended well after ", stream.read, " of ",
                          stream.written, " items"));
}

void StreamsOracle::Judge(const std::function<bool(uint64_t reader)>& lives) const {
  for (const auto& [number, stream] : streams_) {
    if (stream.over || !lives(stream.reader)) continue;
    run_.Wrong(absl::StrCat("stream ", number, " has no end"));
  }
}

}  // namespace troupe
