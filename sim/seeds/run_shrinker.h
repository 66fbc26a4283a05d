#ifndef TROUPE_SIM_SEEDS_RUN_SHRINKER_H_
#define TROUPE_SIM_SEEDS_RUN_SHRINKER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "troupe/sim/seeds/run_report.h"
#include "troupe/sim/sim_choices.h"

namespace troupe {

// Makes a run that fails smaller: fewer nodes, features, steps and faults, as long as it breaks the
// same promise.
//
// Bounds: `tries_max` runs and `time_max`, whichever comes first.
// Source: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, TSE 2002.
class RunShrinker {
 public:
  // Makes the run of the failing seed with what is given.
  using Try = std::function<RunReport(const SimChoices::Given& given)>;

  RunShrinker(RunReport failing, SimChoices::Given given, Try attempt, int tries_max,
              std::chrono::seconds time_max);

  // Returns the smallest run that was found, which may be the one it began with.
  const RunReport& Shrink();
  // What makes it.
  const SimChoices::Given& given() const { return given_; }
  int tries() const { return tries_; }

 private:
  using Choices = std::vector<SimChoice>;

  // Those of the smallest run so far that could be smaller.
  Choices Reducible() const;
  bool DropTogether();
  bool Lower(const SimChoice& choice);
  // Whether the run with those choices at `value`, or at their least, fails the same way.
  bool Keep(SimChoices::Given given);
  bool spent() const;

  RunReport smallest_;
  SimChoices::Given given_;
  const Try attempt_;
  const std::string kind_;
  const int tries_max_;
  const std::chrono::steady_clock::time_point end_;
  int tries_ = 0;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SEEDS_RUN_SHRINKER_H_
