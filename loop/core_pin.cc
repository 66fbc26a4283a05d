#include "troupe/loop/core_pin.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <utility>

#include "troupe/base/logging.h"
#include "troupe/base/mutex.h"

namespace troupe {
namespace {

// Threads pinned to each core. A core is the process's, and so is this.
struct Pins {
  Mutex mutex;
  std::array<int, CPU_SETSIZE> counts ABSL_GUARDED_BY(mutex) = {};
};

Pins& ProcessPins() {
  static Pins* const pins = new Pins;
  return *pins;
}

// The cores of a thread before it was pinned.
thread_local std::optional<cpu_set_t> cores_before_pin;

}  // namespace

std::optional<cpu_set_t> OwnCores() {
  if (cores_before_pin.has_value()) return cores_before_pin;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return std::nullopt;
  return set;
}

int UsableCores() {
  const std::optional<cpu_set_t> usable = OwnCores();
  return usable.has_value() ? std::max(CPU_COUNT(&*usable), 1) : 1;
}

bool AnyCorePinned() {
  Pins& pins = ProcessPins();
  MutexLock lock(pins.mutex);
  return std::any_of(pins.counts.begin(), pins.counts.end(), [](int count) { return count > 0; });
}

CorePin CorePin::Take() {
  const std::optional<cpu_set_t> usable = OwnCores();
  if (!usable.has_value()) return CorePin(kNoCoreLeft);
  Pins& pins = ProcessPins();
  MutexLock lock(pins.mutex);
  int best = kNoCoreLeft;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &*usable)) continue;
    if (best < 0 || pins.counts[core] < pins.counts[best]) best = core;
  }
  if (best >= 0) ++pins.counts[best];
  return CorePin(best);
}

CorePin::CorePin(CorePin&& other) noexcept : core_(std::exchange(other.core_, kNone)) {}

CorePin::~CorePin() {
  if (core_ < 0) return;
  Pins& pins = ProcessPins();
  MutexLock lock(pins.mutex);
  --pins.counts[core_];
}

void CorePin::Apply() const {
  if (core_ == kNone) return;
  const std::optional<cpu_set_t> before = OwnCores();
  cpu_set_t set;
  CPU_ZERO(&set);
  if (core_ >= 0) CPU_SET(core_, &set);
  if (core_ < 0 || pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0) {
    TROUPE_LOG(kWarning, "a thread runs unpinned: the kernel gives it no core of its own");
    return;
  }
  cores_before_pin = before;
}

}  // namespace troupe
