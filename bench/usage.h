#ifndef TROUPE_BENCH_USAGE_H_
#define TROUPE_BENCH_USAGE_H_

#include <cstddef>
#include <cstdint>

namespace troupe::bench {

// What processes have used so far. Benchmarks read the clock themselves, in the middle of a
// handler; nothing else of the project may.
//
// Thread: any.

int64_t MonotonicNanos();

// Processor time of the calling thread.
int64_t ThreadCpuNanos();

// Of this process.
double ProcessCpuSeconds();
size_t ResidentBytes();
size_t PeakResidentBytes();

// Of another one; zero when it is gone.
double CpuSecondsOf(int pid);
size_t ResidentBytesOf(int pid);

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_USAGE_H_
