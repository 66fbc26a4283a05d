#include "troupe/sim/seeds/run_shrinker.h"

#include <algorithm>
#include <utility>

namespace troupe {

RunShrinker::RunShrinker(RunReport failing, SimChoices::Given given, Try attempt, int tries_max,
                         std::chrono::seconds time_max)
    : smallest_(std::move(failing)),
      given_(std::move(given)),
      attempt_(std::move(attempt)),
      kind_(smallest_.Kind()),
      tries_max_(tries_max),
      end_(std::chrono::steady_clock::now() + time_max) {}

const RunReport& RunShrinker::Shrink() {
  bool smaller = true;
  while (smaller && !spent()) {
    smaller = DropTogether();
    for (const SimChoice& choice : Reducible()) smaller |= Lower(choice);
  }
  return smallest_;
}

RunShrinker::Choices RunShrinker::Reducible() const {
  Choices reducible;
  for (const SimChoice& choice : smallest_.choices) {
    if (choice.value > choice.least) reducible.push_back(choice);
  }
  return reducible;
}

// All of them at once, then halves, quarters and so on, down to one by one.
bool RunShrinker::DropTogether() {
  bool smaller = false;
  for (size_t size = std::max<size_t>(Reducible().size(), 1); size > 0; size /= 2) {
    const Choices all = Reducible();
    for (size_t first = 0; first < all.size() && !spent(); first += size) {
      SimChoices::Given given = given_;
      const size_t end = std::min(first + size, all.size());
      for (size_t i = first; i < end; ++i) given[all[i].name] = all[i].least;
      smaller |= Keep(std::move(given));
    }
  }
  return smaller;
}

bool RunShrinker::Lower(const SimChoice& choice) {
  int64_t fails = choice.value;
  int64_t holds = choice.least;  // DropTogether() has tried it.
  while (holds + 1 < fails && !spent()) {
    const int64_t middle = holds + (fails - holds) / 2;
    SimChoices::Given given = given_;
    given[choice.name] = middle;
    (Keep(std::move(given)) ? fails : holds) = middle;
  }
  return fails < choice.value;
}

bool RunShrinker::Keep(SimChoices::Given given) {
  ++tries_;
  RunReport report = attempt_(given);
  if (!report.failed() || report.Kind() != kind_) return false;
  smallest_ = std::move(report);
  given_ = std::move(given);
  return true;
}

bool RunShrinker::spent() const {
  return tries_ >= tries_max_ || std::chrono::steady_clock::now() >= end_;
}

}  // namespace troupe
