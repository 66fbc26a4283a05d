#ifndef TROUPE_ACTORS_CERTAINTY_H_
#define TROUPE_ACTORS_CERTAINTY_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace troupe {

// How far a failed request got. An error that its handler returned is always kMaybeExecuted,
// whatever the handler attached.
enum class Certainty : uint8_t {
  kNotSent,        // The request never left this process or shard.
  kNotExecuted,    // It may have arrived, but its handler did not start.
  kMaybeExecuted,  // Its handler may have run, in part or in whole.
};

// Returns the certainty attached to a failed request's status, or kMaybeExecuted, the safe answer,
// if none is.
Certainty CertaintyOf(const absl::Status& status);

// Whether `status` has a certainty attached.
bool HasCertainty(const absl::Status& status);

// Returns `status` with `certainty` attached as a payload, which Status::ToString() shows in words:
// "UNAVAILABLE: ... [troupe/certainty='maybe executed']". Returns an OK status unchanged.
absl::Status WithCertainty(absl::Status status, Certainty certainty);

std::string_view ToString(Certainty certainty);

}  // namespace troupe

#endif  // TROUPE_ACTORS_CERTAINTY_H_
