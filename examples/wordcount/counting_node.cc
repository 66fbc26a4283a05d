#include "troupe/examples/wordcount/counting_node.h"

#include "absl/strings/str_cat.h"
#include "examples/wordcount/counter.troupe.h"
#include "troupe/examples/wordcount/counter_worker.h"

namespace wordcount {

std::string CounterName(int index) { return absl::StrCat("counter-", index); }

absl::StatusOr<std::unique_ptr<CountingNode>> CountingNode::Start(
    const CountingNodeOptions& options) {
  auto started = std::make_unique<CountingNode>();
  TROUPE_ASSIGN_OR_RETURN(started->system_,
                          troupe::System::Start({.shards = 1, .platform = options.platform}));
  TROUPE_ASSIGN_OR_RETURN(
      started->node_,
      troupe::Node::Start(*started->system_, {.name = options.name, .listen = options.listen}));
  for (int i = 0; i < options.workers; ++i) {
    const std::string name = CounterName(i);
    const Counter::Ref counter =
        started->system_->SpawnWorkers<CounterWorker>({.name = name, .threads = 1, .queue_max = 4});
    TROUPE_RETURN_IF_ERROR(started->node_->Export(name, counter));
  }
  return started;
}

std::string CountingNode::ReadyLine() const {
  return absl::StrCat("ready ", node_->address().ToString(), "\n");
}

}  // namespace wordcount
