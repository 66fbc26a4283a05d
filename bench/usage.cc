#include "troupe/bench/usage.h"

#include <time.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

namespace troupe::bench {
namespace {

int64_t ClockNanos(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return int64_t{1'000'000'000} * now.tv_sec + now.tv_nsec;
}

// The kibibytes that `label` has in a process's status file, in bytes.
size_t StatusBytes(const std::string& process, const std::string& label) {
  std::ifstream file("/proc/" + process + "/status");
  std::string word;
  size_t kibibytes = 0;
  while (file >> word && word != label) {
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  file >> kibibytes;
  return kibibytes * 1024;
}

}  // namespace

int64_t MonotonicNanos() { return ClockNanos(CLOCK_MONOTONIC); }

int64_t ThreadCpuNanos() { return ClockNanos(CLOCK_THREAD_CPUTIME_ID); }

double ProcessCpuSeconds() {
  return static_cast<double>(ClockNanos(CLOCK_PROCESS_CPUTIME_ID)) / 1e9;
}

size_t ResidentBytes() { return StatusBytes("self", "VmRSS:"); }

size_t PeakResidentBytes() { return StatusBytes("self", "VmHWM:"); }

double CpuSecondsOf(int pid) {
  std::error_code ignored;
  double nanos = 0;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", ignored)) {
    double of_task = 0;
    std::ifstream(task.path() / "schedstat") >> of_task;
    nanos += of_task;
  }
  return nanos / 1e9;
}

size_t ResidentBytesOf(int pid) { return StatusBytes(std::to_string(pid), "VmRSS:"); }

}  // namespace troupe::bench
