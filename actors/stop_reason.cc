#include "troupe/actors/stop_reason.h"

namespace troupe {

std::string_view ToString(StopReason reason) {
  switch (reason) {
    case StopReason::kStopped:
      return "stopped";
    case StopReason::kShutdown:
      return "shutdown";
    case StopReason::kFailed:
      return "failed";
    case StopReason::kNeverBorn:
      return "never born";
    case StopReason::kUnknown:
      return "gone before the monitor";
    case StopReason::kNodeDown:
      return "node down";
  }
  return "?";
}

}  // namespace troupe
