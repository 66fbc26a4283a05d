#ifndef TROUPE_BENCH_BENCH_SYSTEM_H_
#define TROUPE_BENCH_BENCH_SYSTEM_H_

#include <memory>
#include <string_view>

#include "troupe/actors/system.h"
#include "troupe/actors/system_options.h"

namespace troupe::bench {

inline constexpr std::string_view kPeer = "troupe";

// A system of `shards` with all limits at their defaults: what the figures are about.
// Errors: dies.
std::unique_ptr<System> StartBenchSystem(int shards);
// With these options. Errors: dies.
std::unique_ptr<System> StartBenchSystem(SystemOptions options);

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_BENCH_SYSTEM_H_
