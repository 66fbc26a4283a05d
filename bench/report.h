#ifndef TROUPE_BENCH_REPORT_H_
#define TROUPE_BENCH_REPORT_H_

#include <string_view>

namespace troupe::bench {

// Prints one result, which bench/compare reads: "R,<item>,<peer>,<figure>,<value>".
void Report(std::string_view item, std::string_view peer, std::string_view figure, double value);

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_REPORT_H_
