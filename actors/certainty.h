#ifndef TROUPE_ACTORS_CERTAINTY_H_
#define TROUPE_ACTORS_CERTAINTY_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace troupe {

// How far a failed request got.
enum class Certainty : uint8_t {
  kNotSent,        // It never left this process or shard.
  kNotExecuted,    // It arrived, or may have, and its handler did not start.
  kMaybeExecuted,  // Its handler may have run, in part or in whole.
};

// Reads what a failed ask's status says; kMaybeExecuted, the safe answer, where it says nothing.
Certainty CertaintyOf(const absl::Status& status);

// Whether `status` says it at all.
bool HasCertainty(const absl::Status& status);

// `status` with `certainty` attached, as a payload that Status::ToString() shows in words:
// "UNAVAILABLE: ... [troupe/certainty='maybe executed']". An OK status is returned as it is.
absl::Status WithCertainty(absl::Status status, Certainty certainty);

std::string_view ToString(Certainty certainty);

}  // namespace troupe

#endif  // TROUPE_ACTORS_CERTAINTY_H_
