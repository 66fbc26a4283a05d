#include "troupe/actors/certainty.h"

#include <optional>
#include <utility>

#include "absl/strings/cord.h"

namespace troupe {
namespace {

constexpr char kPayloadUrl[] = "troupe/certainty";

}  // namespace

Certainty CertaintyOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value() || payload->empty()) return Certainty::kMaybeExecuted;
  switch ((*payload)[0]) {
    case '0':
      return Certainty::kNotSent;
    case '1':
      return Certainty::kNotExecuted;
    default:
      return Certainty::kMaybeExecuted;
  }
}

absl::Status WithCertainty(absl::Status status, Certainty certainty) {
  if (status.ok()) return status;
  static constexpr const char* kDigits[] = {"0", "1", "2"};
  status.SetPayload(kPayloadUrl, absl::Cord(kDigits[static_cast<int>(certainty)]));
  return status;
}

std::string_view ToString(Certainty certainty) {
  switch (certainty) {
    case Certainty::kNotSent:
      return "not sent";
    case Certainty::kNotExecuted:
      return "not executed";
    case Certainty::kMaybeExecuted:
      return "maybe executed";
  }
  return "unknown";
}

}  // namespace troupe
