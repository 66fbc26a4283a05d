#ifndef TROUPE_BENCH_USAGE_H_
#define TROUPE_BENCH_USAGE_H_

#include <cstddef>
#include <cstdint>

namespace troupe::bench {

// What the process has used so far. Benchmarks read the clock themselves, in the middle of a
// handler; nothing else of the project may.
//
// Thread: any.

int64_t MonotonicNanos();

// Processor time of all threads.
double ProcessCpuSeconds();

size_t ResidentBytes();
size_t PeakResidentBytes();

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_USAGE_H_
