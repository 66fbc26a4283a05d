#ifndef TROUPE_ACTORS_STOP_REASON_H_
#define TROUPE_ACTORS_STOP_REASON_H_

#include <cstdint>
#include <string_view>

namespace troupe {

// Why an actor goes.
enum class StopReason : uint8_t {
  kStopped,    // It or another actor asked for it.
  kShutdown,   // The system stops, or its parent does.
  kFailed,     // It failed and is not restarted, or not any more; or OnStart returned an error.
  kNeverBorn,  // It could not be spawned: name taken, actor limit, stopping system.
  kUnknown,    // It was gone already when the monitor was made.
  kNodeDown,   // Its node is unreachable or has ended.
};

std::string_view ToString(StopReason reason);

}  // namespace troupe

#endif  // TROUPE_ACTORS_STOP_REASON_H_
