#include "troupe/bench/bench_system.h"

#include <utility>

#include "troupe/base/check.h"

namespace troupe::bench {

std::unique_ptr<System> StartBenchSystem(int shards) {
  return StartBenchSystem(SystemOptions{.shards = shards});
}

std::unique_ptr<System> StartBenchSystem(SystemOptions options) {
  absl::StatusOr<std::unique_ptr<System>> system = System::Start(std::move(options));
  TROUPE_CHECK_MSG(system.ok(), system.status().ToString());
  return *std::move(system);
}

}  // namespace troupe::bench
