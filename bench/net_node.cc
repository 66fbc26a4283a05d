#include "troupe/bench/net_node.h"

#include <utility>

#include "absl/time/time.h"
#include "troupe/base/check.h"
#include "troupe/base/logging.h"

namespace troupe::bench {
namespace {

SystemOptions OptionsOf(bool spin) {
  SystemOptions options;
  options.shards = 1;
  options.pin = false;
  // More than the items use: what a message costs does not depend on it.
  options.limits.sessions_max = 1 << 14;
  if (spin) options.limits.spin_before_sleep = absl::Seconds(1);
  return options;
}

}  // namespace

NetNode::NetNode(std::string name, bool spin, bool listen) {
  SetLogLevel(LogLevel::kWarning);
  absl::StatusOr<std::unique_ptr<System>> system = System::Start(OptionsOf(spin));
  TROUPE_CHECK_MSG(system.ok(), system.status().ToString());
  system_ = *std::move(system);
  NodeOptions options{.name = std::move(name), .listen = listen ? "127.0.0.1:0" : ""};
  absl::StatusOr<std::unique_ptr<Node>> node = Node::Start(*system_, std::move(options));
  TROUPE_CHECK_MSG(node.ok(), node.status().ToString());
  node_ = *std::move(node);
}

}  // namespace troupe::bench
