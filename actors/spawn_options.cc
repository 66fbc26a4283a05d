#include "troupe/actors/spawn_options.h"

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

}  // namespace troupe
