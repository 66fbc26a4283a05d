#ifndef TROUPE_SIM_SIM_CHOICES_H_
#define TROUPE_SIM_SIM_CHOICES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace troupe {

// A number that a run was shaped by.
struct SimChoice {
  std::string name;
  int64_t value = 0;
  int64_t least = 0;  // Makes the smallest run.
};

// What shapes one run: each number is drawn by the seed and its name alone, or is given instead. So
// one of them can be changed, and all others stay as they are.
//
// Thread: the simulation's.
class SimChoices {
 public:
  using Given = std::map<std::string, int64_t, std::less<>>;
  // Told of each choice as it is made.
  using Observer = std::function<void(const SimChoice&)>;

  SimChoices(uint64_t seed, Given given, Observer observer = {})
      : seed_(seed), given_(std::move(given)), observer_(std::move(observer)) {}

  // Uniform from `least` to `most`, or what was given, within these. The same for the same name,
  // which is without ",", "=", quotes and blanks at its ends.
  int64_t Number(std::string_view name, int64_t least, int64_t most);
  // 1 in `share` of the seeds, else 0; or what was given.
  bool Chance(std::string_view name, double share);
  // 1, unless 0 was given: something that happens, and that a smaller run may do without.
  bool Happens(std::string_view name);

  // In the order in which they were asked for first.
  const std::vector<SimChoice>& made() const { return made_; }

  // Of what is drawn for one name.
  static uint64_t SeedOf(uint64_t seed, std::string_view name);
  // "actors=3,streams=0"
  static std::string ToText(const Given& given);
  // Errors: INVALID_ARGUMENT, with what is no choice.
  static absl::StatusOr<Given> Parse(std::string_view text);

 private:
  int64_t Make(std::string_view name, int64_t drawn, int64_t least, int64_t most);

  const uint64_t seed_;
  const Given given_;
  const Observer observer_;
  std::vector<SimChoice> made_;
  Given values_;  // Of those made.
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_CHOICES_H_
