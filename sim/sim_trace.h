#ifndef TROUPE_SIM_SIM_TRACE_H_
#define TROUPE_SIM_SIM_TRACE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "troupe/base/instant.h"

namespace troupe {

// Records what happens in a run, in order: a running hash, and the lines if wanted.
//
// Thread: the simulation's.
// Bounds: the newest `lines_max` lines.
// Source: the hash multiplies and rotates, eight bytes at a time; the same on every machine.
class SimTrace {
 public:
  explicit SimTrace(size_t lines_max) : lines_max_(lines_max) {}

  // Records that `what` happened to `who`.
  void Add(Instant when, std::string_view what, std::string_view who, uint64_t detail);
  // Adds the payload of a step, to the hash only.
  void Mix(std::string_view bytes);
  // Adds a log line, to the lines only, since it may name what differs between two runs.
  void Note(Instant when, std::string_view text);

  uint64_t hash() const { return hash_; }
  const std::deque<std::string>& lines() const { return lines_; }

 private:
  void MixNumber(uint64_t number);
  void Keep(std::string line);

  const size_t lines_max_;
  uint64_t hash_ = 0xcbf29ce484222325u;
  std::deque<std::string> lines_;
};

// Returns seconds with nine digits.
std::string SimTimeText(Instant when);

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_TRACE_H_
