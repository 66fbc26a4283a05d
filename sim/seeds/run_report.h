#ifndef TROUPE_SIM_SEEDS_RUN_REPORT_H_
#define TROUPE_SIM_SEEDS_RUN_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/sim/sim_choices.h"

namespace troupe {

// What came of one run, as the process that made it tells the one that wanted it.
struct RunReport {
  uint64_t seed = 0;
  uint64_t trace_hash = 0;
  int64_t virtual_nanos = 0;
  bool ended_badly = false;  // Its process crashed or hung; `wrong` says how.
  bool hung = false;
  std::vector<SimChoice> choices;
  std::vector<std::string> wrong;
  std::vector<std::string> fired;  // TROUPE_BUGGIFY sites.

  bool failed() const { return !wrong.empty(); }
  // The first thing that is wrong, without its numbers: two runs of one kind broke the same
  // promise.
  std::string Kind() const;

  std::string Encode() const;
  // Of what Encode() made, by this program.
  static RunReport Decode(std::string_view bytes);
};

}  // namespace troupe

#endif  // TROUPE_SIM_SEEDS_RUN_REPORT_H_
