#ifndef TROUPE_BENCH_NET_NODE_H_
#define TROUPE_BENCH_NET_NODE_H_

#include <memory>
#include <string>

#include "troupe/actors/system.h"
#include "troupe/transport/node.h"

namespace troupe::bench {

inline constexpr char kEchoName[] = "echo";

// A node on one shard, which runs on the core that this process is pinned to.
//
// Errors: its making dies.
class NetNode {
 public:
  // `spin`: the shard never sleeps, or nearly. `listen`: on a port of the kernel's choice.
  NetNode(std::string name, bool spin, bool listen);

  System& system() { return *system_; }
  Node& node() { return *node_; }

 private:
  std::unique_ptr<System> system_;
  std::unique_ptr<Node> node_;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_NET_NODE_H_
