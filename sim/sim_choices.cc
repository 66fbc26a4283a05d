#include "troupe/sim/sim_choices.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "troupe/base/check.h"
#include "troupe/base/random.h"
#include "troupe/base/text.h"

namespace troupe {
namespace {

// It is part of a list, between quotes, on a command line.
bool IsName(std::string_view name) {
  return !name.empty() && name.find_first_of(",='\"\\$`\n") == name.npos && name.front() != ' ' &&
         name.back() != ' ';
}

}  // namespace

int64_t SimChoices::Number(std::string_view name, int64_t least, int64_t most) {
  const auto count = static_cast<uint64_t>(std::max(most, least) - least) + 1;
  return Make(name, least + static_cast<int64_t>(Random(SeedOf(seed_, name)).Below(count)), least,
              most);
}

bool SimChoices::Chance(std::string_view name, double share) {
  return Make(name, Random(SeedOf(seed_, name)).Unit() < share ? 1 : 0, 0, 1) != 0;
}

bool SimChoices::Happens(std::string_view name) { return Make(name, 1, 0, 1) != 0; }

uint64_t SimChoices::SeedOf(uint64_t seed, std::string_view name) {
  uint64_t mixed = seed;
  for (const char letter : name) {
    mixed = (mixed ^ static_cast<unsigned char>(letter)) * 0x100000001b3u;
  }
  return mixed;
}

int64_t SimChoices::Make(std::string_view name, int64_t drawn, int64_t least, int64_t most) {
  const auto [made, is_new] = values_.try_emplace(std::string(name), drawn);
  if (!is_new) return std::clamp(made->second, least, std::max(most, least));
  TROUPE_CHECK_MSG(IsName(name), StdView(absl::StrCat("no name of a choice: ", AbslView(name))));
  if (const auto given = given_.find(name); given != given_.end()) {
    made->second = std::clamp(given->second, least, std::max(most, least));
  }
  made_.push_back({.name = made->first, .value = made->second, .least = least});
  if (observer_) observer_(made_.back());
  return made->second;
}

std::string SimChoices::ToText(const Given& given) {
  std::string text;
  for (const auto& [name, value] : given) {
    absl::StrAppend(&text, text.empty() ? "" : ",", name, "=", value);
  }
  return text;
}

absl::StatusOr<SimChoices::Given> SimChoices::Parse(std::string_view text) {
  Given given;
  for (const absl::string_view each : absl::StrSplit(AbslView(text), ',', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(each, absl::MaxSplits('=', 1));
    int64_t value = 0;
    if (parts.first.empty() || !absl::SimpleAtoi(parts.second, &value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", each, "\" is no choice, such as actors=3"));
    }
    given.insert_or_assign(std::string(parts.first), value);
  }
  return given;
}

}  // namespace troupe
