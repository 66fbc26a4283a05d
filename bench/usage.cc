#include "troupe/bench/usage.h"

#include <time.h>

#include <cstdio>
#include <cstring>

namespace troupe::bench {
namespace {

int64_t ClockNanos(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return int64_t{1'000'000'000} * now.tv_sec + now.tv_nsec;
}

// The kibibytes that `label` has in /proc/self/status, in bytes.
size_t StatusBytes(const char* label) {
  FILE* const file = std::fopen("/proc/self/status", "r");
  if (file == nullptr) return 0;
  char line[256];
  size_t kibibytes = 0;
  while (std::fgets(line, sizeof(line), file) != nullptr) {
    if (std::strncmp(line, label, std::strlen(label)) != 0) continue;
    std::sscanf(line + std::strlen(label), "%zu", &kibibytes);
    break;
  }
  std::fclose(file);
  return kibibytes * 1024;
}

}  // namespace

int64_t MonotonicNanos() { return ClockNanos(CLOCK_MONOTONIC); }

double ProcessCpuSeconds() {
  return static_cast<double>(ClockNanos(CLOCK_PROCESS_CPUTIME_ID)) / 1e9;
}

size_t ResidentBytes() { return StatusBytes("VmRSS:"); }

size_t PeakResidentBytes() { return StatusBytes("VmHWM:"); }

}  // namespace troupe::bench
