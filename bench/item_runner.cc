#include "troupe/bench/item_runner.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <vector>

#include "troupe/bench/stopwatch.h"

namespace troupe::bench {
namespace {

const ItemEntry* FindItem(std::initializer_list<ItemEntry> items, std::string_view name) {
  for (const ItemEntry& item : items) {
    if (item.name == name) return &item;
  }
  return nullptr;
}

bool RunInChild(const ItemEntry& item) {
  const pid_t child = fork();
  if (child == 0) {
    item.run();
    _exit(0);
  }
  int status = 0;
  const bool ended = child > 0 && waitpid(child, &status, 0) == child;
  if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  std::fprintf(stderr, "item %.*s failed\n", static_cast<int>(item.name.size()), item.name.data());
  return false;
}

}  // namespace

int RunItems(std::initializer_list<ItemEntry> items, int argc, char** argv) {
  std::vector<ItemEntry> chosen;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--cpu") {
      Stopwatch::MeasureCpuTime();
      continue;
    }
    const ItemEntry* const item = FindItem(items, argv[i]);
    if (item == nullptr) {
      std::fprintf(stderr, "no item \"%s\"; there are:", argv[i]);
      for (const ItemEntry& known : items) {
        std::fprintf(stderr, " %.*s", static_cast<int>(known.name.size()), known.name.data());
      }
      std::fputc('\n', stderr);
      return 2;
    }
    chosen.push_back(*item);
  }
  if (chosen.empty()) chosen = items;
  bool all_ran = true;
  for (const ItemEntry& item : chosen) all_ran &= RunInChild(item);
  return all_ran ? 0 : 1;
}

}  // namespace troupe::bench
