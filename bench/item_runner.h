#ifndef TROUPE_BENCH_ITEM_RUNNER_H_
#define TROUPE_BENCH_ITEM_RUNNER_H_

#include <initializer_list>
#include <string_view>

namespace troupe::bench {

struct ItemEntry {
  std::string_view name;
  void (*run)();
};

// main() of a benchmark program: runs the items that the arguments name, or all, each in a
// process of its own, since memory is measured as a process's peak and no item shall inherit the
// heap of another. With `--cpu` time is the processor's (Stopwatch::MeasureCpuTime).
//
// Errors: returns 2 for an unknown name, 1 when an item's process failed.
int RunItems(std::initializer_list<ItemEntry> items, int argc, char** argv);

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_ITEM_RUNNER_H_
