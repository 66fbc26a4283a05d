#ifndef TROUPE_TRANSPORT_NODE_CORE_H_
#define TROUPE_TRANSPORT_NODE_CORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "troupe/actors/mail/router.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/loop/socket.h"
#include "troupe/transport/doorman.h"
#include "troupe/transport/export_table.h"
#include "troupe/transport/node_counters.h"
#include "troupe/transport/node_options.h"
#include "troupe/transport/node_shard.h"
#include "troupe/transport/peer_directory.h"
#include "troupe/transport/peers.h"

namespace troupe::internal {

// The state shared by the shards of one node, and the Router for handles of other nodes.
//
// Thread: each NodeShard is used on its own shard only; everything else says so.
class NodeCore final : public Router {
 public:
  NodeCore(Runtime& runtime, NodeOptions options);
  ~NodeCore() override;

  // Errors: those of Node::Start.
  absl::Status Start();
  // Says goodbye, gives everything pending its outcome, and destroys the NodeShards. Idempotent.
  // Thread: not a shard's.
  void Drain(Instant deadline) override;

  SendResult Send(const AnyRef& target, Envelope* envelope) override;
  void Cancel(const AnyRef& target, uint16_t asker_shard, uint64_t ask) override;
  void Credit(const AnyRef& target, uint16_t asker_shard, uint64_t ask, uint32_t items) override;
  void Monitor(const AnyRef& target, Envelope* down) override;
  void Demonitor(const AnyRef& target, uint16_t watcher_shard, uint64_t record) override;
  std::string NodeName(uint64_t incarnation) override;

  // Returns FAILED_PRECONDITION for an address off loopback, unless the options allow it.
  absl::Status MayReach(const SocketAddress& address) const;

  NodeCounters Counters();
  std::vector<PeerState> Peers();

  // Numbers the PeerNews of all shards. A session takes both its numbers between Claim() and
  // Release() of the PeerDirectory: the next one with that node gets greater ones.
  uint64_t NextNewsNumber() { return news_.fetch_add(1, std::memory_order_relaxed) + 1; }

  Runtime& runtime() { return runtime_; }
  const System* system() const { return system_; }
  const std::string& name() const { return options_.name; }
  // The address that this node announces; empty if it does not listen.
  const std::string& advertised() const { return advertised_; }
  const SocketAddress& address() const { return address_; }
  PeerDirectory& directory() { return directory_; }
  ExportTable& exports() { return exports_; }
  Doorman& doorman() { return doorman_; }
  std::atomic<int>& dials_under_way() { return dials_under_way_; }
  size_t shard_count() const { return shards_.size(); }
  // The calling shard's NodeShard; null once the node has ended.
  NodeShard* here() { return shards_[Shard::Current()->index()].get(); }

 private:
  // Runs `task` on each shard and waits for all of them.
  void OnEachShard(const std::function<void(Shard&)>& task);
  // Runs `task` on each shard and waits until each has notified its event, or until `deadline`.
  void AwaitEachShard(const std::function<void(NodeShard&, Event*)>& task, Instant deadline);

  // Set once.
  Runtime& runtime_;
  const System* const system_;  // Used only to ask whether it lives.
  const NodeOptions options_;
  SocketAddress address_;
  std::string advertised_;
  bool drained_ = false;
  std::vector<std::unique_ptr<Event>> events_;  // Of the drain; the shards may notify them late.

  // One per shard, used on it.
  std::vector<std::unique_ptr<NodeShard>> shards_;

  // Any thread.
  PeerDirectory directory_;
  ExportTable exports_;
  Doorman doorman_;
  std::atomic<int> dials_under_way_{0};  // Hellos that await an answer.
  std::atomic<uint64_t> news_{0};        // Relaxed: the directory's lock orders it.
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_NODE_CORE_H_
