#include "troupe/bench/pinning.h"

#include <sched.h>

namespace troupe::bench {

void PinThisThread(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  sched_setaffinity(0, sizeof(cores), &cores);
}

}  // namespace troupe::bench
