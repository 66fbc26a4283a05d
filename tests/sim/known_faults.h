#ifndef TROUPE_TESTS_SIM_KNOWN_FAULTS_H_
#define TROUPE_TESTS_SIM_KNOWN_FAULTS_H_

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace troupe {

// A promise between nodes that is broken until sessions outlive their connections. Its test passes
// while it is broken, and fails once it is kept: then its row leaves the list.
struct KnownFault {
  std::string_view row;
  std::string_view instead;
  std::string_view seen_with;
  std::string_view looks_like;  // A part of what its test then says.
};

inline constexpr KnownFault kKnownFaults[] = {
    {"F135", "what waits for a dial is overtaken by what goes over the peer's own connection",
     "seeds 13 and 121 of RandomClusterTest", "was handled after message"},
    {"F159", "a refusal behind many acknowledgements is not known any more, and told to nobody",
     "every seed", "told of 0 losses"},
    {"F160", "a session that is a moment old is replaced, and a request on it is lost",
     "seeds 29, 42, 97 and 188", "2 sessions"},
    {"F161",
     "a monitor does not dial: there is a Down although the actor lives, or before what it sent",
     "every seed; seed 5641 of RandomClusterTest.SomeNodes when ends of nodes are judged",
     "UNAVAILABLE"},
    {"F162", "who fills what may wait for a node leaves nothing to others", "every seed",
     "20 were not sent"},
};

// Expects what is `wrong` to be nothing, or only what the row is known for. Other seeds than the
// test's own need not show it.
inline void ExpectKept(std::string_view row, const std::vector<std::string>& wrong) {
  const bool own_seeds =
      std::getenv("TROUPE_SIM_SEED") == nullptr && std::getenv("TROUPE_SIM_SEEDS") == nullptr;
  for (const KnownFault& known : kKnownFaults) {
    if (known.row != row) continue;
    for (const std::string& each : wrong) {
      EXPECT_NE(each.find(known.looks_like), each.npos) << row << " in another way: " << each;
    }
    EXPECT_TRUE(!wrong.empty() || !own_seeds)
        << row << " holds now: take it off the list in known_faults.h";
    return;
  }
  EXPECT_TRUE(wrong.empty()) << absl::StrJoin(wrong, "\n");
}

}  // namespace troupe

#endif  // TROUPE_TESTS_SIM_KNOWN_FAULTS_H_
