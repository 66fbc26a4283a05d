#include "troupe/examples/wordcount/counting_node.h"

#include <cstdio>
#include <iostream>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "examples/wordcount/counter.troupe.h"
#include "troupe/examples/wordcount/counter_worker.h"
#include "troupe/troupe.h"

namespace wordcount {
namespace {

int Refuse(const CountingNodeOptions& options, const absl::Status& status) {
  std::cerr << "wordcount: " << options.name << ": " << status.message() << "\n";
  return 1;
}

}  // namespace

std::string CounterName(int index) { return absl::StrCat("counter-", index); }

int RunCountingNode(const CountingNodeOptions& options) {
  absl::StatusOr<std::unique_ptr<troupe::System>> system = troupe::System::Start({.shards = 1});
  if (!system.ok()) return Refuse(options, system.status());
  absl::StatusOr<std::unique_ptr<troupe::Node>> node =
      troupe::Node::Start(**system, {.name = options.name, .listen = options.listen});
  if (!node.ok()) return Refuse(options, node.status());
  for (int i = 0; i < options.workers; ++i) {
    const std::string name = CounterName(i);
    const Counter::Ref counter =
        (*system)->SpawnWorkers<CounterWorker>({.name = name, .threads = 1, .queue_max = 4});
    const absl::Status exported = (*node)->Export(name, counter);
    if (!exported.ok()) return Refuse(options, exported);
  }
  std::cout << "ready " << (*node)->address().ToString() << std::endl;
  return (*system)->Run();
}

}  // namespace wordcount
