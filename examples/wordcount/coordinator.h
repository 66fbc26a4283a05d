#ifndef TROUPE_EXAMPLES_WORDCOUNT_COORDINATOR_H_
#define TROUPE_EXAMPLES_WORDCOUNT_COORDINATOR_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "troupe/examples/wordcount/feeder.h"
#include "troupe/examples/wordcount/file_list.h"
#include "troupe/examples/wordcount/messages.h"
#include "troupe/examples/wordcount/word_table.h"
#include "troupe/troupe.h"

namespace wordcount {

struct JobOptions {
  std::vector<std::string> paths;
  int nodes = 2;
  int workers_per_node = 1;
  size_t batch_files = 128;  // At most, in one request.
  int first_port = 0;        // Node i listens on first_port + i; if 0, on any free port.
  bool show_progress = false;
  std::string program;  // This program's file, run by the node processes.
};

// The result of the job, for main() to read after the system has ended.
struct JobResult {
  int exit_code = 1;
  std::vector<std::pair<std::string, uint64_t>> words;  // The most frequent ones.
  uint64_t files = 0;
  uint64_t bytes = 0;
  absl::Duration took;
};

// Starts the node processes, distributes the files over their workers, and adds up the result. A
// node's counts count only once its totals have arrived: if a node is lost before, its files go to
// the others.
class Coordinator final : public troupe::Actor {
 public:
  Coordinator(JobOptions options, troupe::Node* node, JobResult* result);

  troupe::Reply<void> OnStart(troupe::Context& cx) override;
  void On(troupe::Context& cx, const troupe::ChildOutput& output);
  void On(troupe::Context& cx, const troupe::ChildExited& exited);
  void On(troupe::Context& cx, const Ready& ready);
  void On(troupe::Context& cx, const Fed& fed);
  void On(troupe::Context& cx, const Totals& totals);
  void On(troupe::Context& cx, const Lost& lost);
  struct ProgressTick {};
  void On(troupe::Context& cx, ProgressTick tick);

 private:
  enum class FeederState { kStarting, kIdle, kBusy, kCollecting, kLost };

  struct FeederRecord {
    troupe::Ref<Feeder> ref;
    int node = 0;
    FeederState state = FeederState::kStarting;
    std::vector<size_t> batches;  // Given to it, with totals outstanding.
    std::string totals;
  };

  struct NodeRecord {
    std::string name;
    troupe::ChildId child;
    std::string output;  // Up to the end of its first line.
    bool ready = false;
    bool lost = false;
  };

  absl::Status StartNode(troupe::Context& cx);
  void NodeReady(troupe::Context& cx, int node, const std::string& address);
  void LoseNode(troupe::Context& cx, int node, const std::string& why);
  // Gives waiting batches to idle feeders; ends the job once none is left.
  void Advance(troupe::Context& cx);
  bool AllBatchesCounted() const;
  void Finish(troupe::Context& cx);
  void End(troupe::Context& cx, int exit_code);
  void ShowProgress(bool last);

  const JobOptions options_;
  troupe::Node* const node_;
  JobResult* const result_;
  troupe::Instant started_;

  FileList list_;
  std::deque<size_t> waiting_;  // Batches not given to any feeder.
  std::vector<uint64_t> batch_files_;
  std::vector<uint64_t> batch_bytes_;
  std::vector<bool> counted_;
  std::vector<FeederRecord> feeders_;
  std::vector<NodeRecord> nodes_;
  WordTable words_;
  int replacements_ = 0;
  bool ended_ = false;
};

}  // namespace wordcount

#endif  // TROUPE_EXAMPLES_WORDCOUNT_COORDINATOR_H_
