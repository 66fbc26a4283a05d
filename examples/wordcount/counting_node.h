#ifndef TROUPE_EXAMPLES_WORDCOUNT_COUNTING_NODE_H_
#define TROUPE_EXAMPLES_WORDCOUNT_COUNTING_NODE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "troupe/troupe.h"

namespace wordcount {

struct CountingNodeOptions {
  std::string name;
  std::string listen;  // "127.0.0.1:0" for a free port.
  int workers = 1;
  troupe::Platform* platform = nullptr;  // Default: the operating system's.
};

// Returns the name under which worker `index` of a node is exported.
std::string CounterName(int index);

// A node process: counts until told to end.
class CountingNode {
 public:
  static absl::StatusOr<std::unique_ptr<CountingNode>> Start(const CountingNodeOptions& options);

  // What the process says on standard output once its workers can be looked up.
  std::string ReadyLine() const;
  // Waits for the end. Returns the exit code.
  int Run() { return system_->Run(); }

 private:
  std::unique_ptr<troupe::System> system_;
  std::unique_ptr<troupe::Node> node_;
};

}  // namespace wordcount

#endif  // TROUPE_EXAMPLES_WORDCOUNT_COUNTING_NODE_H_
