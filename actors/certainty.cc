#include "troupe/actors/certainty.h"

#include <optional>
#include <utility>

#include "absl/strings/cord.h"
#include "troupe/base/text.h"

namespace troupe {
namespace {

constexpr char kCertaintyUrl[] = "troupe/certainty";

}  // namespace

Certainty CertaintyOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kCertaintyUrl);
  if (!payload.has_value()) return Certainty::kMaybeExecuted;
  for (const Certainty certainty : {Certainty::kNotSent, Certainty::kNotExecuted}) {
    if (*payload == AbslView(ToString(certainty))) return certainty;
  }
  return Certainty::kMaybeExecuted;
}

bool HasCertainty(const absl::Status& status) {
  return status.GetPayload(kCertaintyUrl).has_value();
}

absl::Status WithCertainty(absl::Status status, Certainty certainty) {
  if (status.ok()) return status;
  // In words, since Status::ToString() shows payloads as they are.
  status.SetPayload(kCertaintyUrl, absl::Cord(AbslView(ToString(certainty))));
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
