#ifndef TROUPE_BENCH_LATENCIES_H_
#define TROUPE_BENCH_LATENCIES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::bench {

// Durations measured one by one.
//
// Bounds: as many as were announced; Add() allocates nothing, since it is called inside of what
//         is measured.
class Latencies {
 public:
  explicit Latencies(size_t count) : nanos_(count) {}

  void Add(int64_t nanos) {
    if (size_ < nanos_.size()) nanos_[size_++] = nanos;
  }

  // The duration that `share` of all do not exceed, in nanoseconds.
  double Quantile(double share) {
    if (size_ == 0) return 0;
    const auto rank = static_cast<ptrdiff_t>(share * static_cast<double>(size_ - 1));
    std::nth_element(nanos_.begin(), nanos_.begin() + rank,
                     nanos_.begin() + static_cast<ptrdiff_t>(size_));
    return static_cast<double>(nanos_[static_cast<size_t>(rank)]);
  }

 private:
  std::vector<int64_t> nanos_;
  size_t size_ = 0;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_LATENCIES_H_
