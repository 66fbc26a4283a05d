#ifndef TROUPE_ACTORS_STOP_REASON_H_
#define TROUPE_ACTORS_STOP_REASON_H_

#include <cstdint>
#include <string_view>

namespace troupe {

// Why an actor ended.
enum class StopReason : uint8_t {
  kStopped,    // It or another actor called Stop().
  kShutdown,   // The system or its parent stopped.
  kFailed,     // It failed, or OnStart did, and it is not restarted (any more).
  kNeverBorn,  // The spawn was refused: name taken, limit reached, system stopping.
  kUnknown,    // It had ended before the monitor was set.
  kNodeDown,   // Its node is unreachable or has ended.
};

std::string_view ToString(StopReason reason);

}  // namespace troupe

#endif  // TROUPE_ACTORS_STOP_REASON_H_
