#ifndef TROUPE_TESTS_SIM_KNOWN_FAULTS_H_
#define TROUPE_TESTS_SIM_KNOWN_FAULTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace troupe {

// Promises between nodes that are broken until sessions outlive their connections. A test of one of
// them passes while it is broken, and fails once it is kept: then its row leaves this list.
//
// | row  | what happens instead | seen with |
// |------|----------------------|-----------|
// | F135 | what waits for a dial is overtaken by what goes over the peer's own connection | seeds
// 394 and 752 of RandomClusterTest | | F159 | a refusal behind 600 acknowledgements is not known
// any more: its sender hears nothing | any seed |
inline constexpr std::string_view kKnownFaults[] = {"F135", "F159"};

// Expects what is `wrong` to be nothing, or something if the row is a known fault.
inline void ExpectKept(std::string_view row, const std::vector<std::string>& wrong) {
  for (const std::string_view known : kKnownFaults) {
    if (known != row) continue;
    EXPECT_FALSE(wrong.empty()) << row << " holds now: take it off the list in known_faults.h";
    return;
  }
  EXPECT_TRUE(wrong.empty()) << absl::StrJoin(wrong, "\n");
}

}  // namespace troupe

#endif  // TROUPE_TESTS_SIM_KNOWN_FAULTS_H_
