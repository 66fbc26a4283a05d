#include "troupe/loop/process_id.h"

#include <unistd.h>

namespace troupe {

int ProcessId() { return getpid(); }

}  // namespace troupe
