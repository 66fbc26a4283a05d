#ifndef TROUPE_EXAMPLES_WORDCOUNT_COUNTING_NODE_H_
#define TROUPE_EXAMPLES_WORDCOUNT_COUNTING_NODE_H_

#include <string>

namespace wordcount {

struct CountingNodeOptions {
  std::string name;
  std::string listen;  // "127.0.0.1:0" for a free port.
  int workers = 1;
};

// Returns the name under which worker `index` of a node is exported.
std::string CounterName(int index);

// Runs a node process: exports its workers, prints "ready ADDRESS" on standard output and counts
// until told to end. Returns the exit code.
int RunCountingNode(const CountingNodeOptions& options);

}  // namespace wordcount

#endif  // TROUPE_EXAMPLES_WORDCOUNT_COUNTING_NODE_H_
