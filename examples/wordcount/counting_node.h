#ifndef TROUPE_EXAMPLES_WORDCOUNT_COUNTING_NODE_H_
#define TROUPE_EXAMPLES_WORDCOUNT_COUNTING_NODE_H_

#include <string>

namespace wordcount {

struct CountingNodeOptions {
  std::string name;
  std::string listen;  // "127.0.0.1:0": a free port.
  int workers = 1;
};

// The name that worker `index` of a node is exported under.
std::string CounterName(int index);

// A node process: exports its workers, says "ready ADDRESS" on standard output and counts until
// it is told to end. Returns the exit code.
int RunCountingNode(const CountingNodeOptions& options);

}  // namespace wordcount

#endif  // TROUPE_EXAMPLES_WORDCOUNT_COUNTING_NODE_H_
