#include "troupe/actors/spawn_options.h"

#include <limits>

#include "absl/strings/str_cat.h"

namespace troupe {

std::string_view ToString(Overflow overflow) {
  switch (overflow) {
    case Overflow::kReject:
      return "reject";
    case Overflow::kDropOldest:
      return "drop oldest";
  }
  return "?";
}

std::string_view ToString(RestartKind kind) {
  switch (kind) {
    case RestartKind::kNever:
      return "never";
    case RestartKind::kOnFailure:
      return "on failure";
  }
  return "?";
}

namespace internal {

absl::Status Validate(const SpawnOptions& options) {
  const RestartOptions& restart = options.restart;
  if (restart.within <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("restart.within is ", absl::FormatDuration(restart.within), ", not above 0"));
  }
  if (restart.backoff_min < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "restart.backoff_min is ", absl::FormatDuration(restart.backoff_min), ", below 0"));
  }
  if (restart.backoff_max < restart.backoff_min) {
    return absl::InvalidArgumentError(
        absl::StrCat("restart.backoff_max is ", absl::FormatDuration(restart.backoff_max),
                     ", below backoff_min, which is ", absl::FormatDuration(restart.backoff_min)));
  }
  constexpr uint64_t kMailboxBytesMax = std::numeric_limits<uint32_t>::max();
  if (options.mailbox.bytes_max > kMailboxBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("mailbox.bytes_max is ", options.mailbox.bytes_max, ", not below 4 GiB"));
  }
  return absl::OkStatus();
}

}  // namespace internal
}  // namespace troupe
