#include "troupe/transport/node_core.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/supervision/monitors.h"
#include "troupe/base/printable.h"
#include "troupe/base/status_macros.h"

namespace troupe::internal {

NodeCore::NodeCore(Runtime& runtime, NodeOptions options)
    : runtime_(runtime),
      system_(runtime.system()),
      options_(std::move(options)),
      shards_(runtime.shard_count()),
      directory_(runtime.limits().sessions_max),
      exports_(runtime.limits().exports_max),
      doorman_(runtime.limits().unauthenticated_max,
               runtime.limits().unauthenticated_per_address_max) {}

NodeCore::~NodeCore() { Drain(runtime_.platform().clock().Now() + absl::Seconds(1)); }

absl::Status NodeCore::MayReach(const SocketAddress& address) const {
  if (address.is_loopback() || options_.unsafe_allow_plaintext) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(address.ToString(),
                   " is no loopback address: bytes would go there unencrypted, which only "
                   "unsafe_allow_plaintext allows"));
}

void NodeCore::OnEachShard(const std::function<void(Shard&)>& task) {
  for (size_t i = 0; i < runtime_.shard_count(); ++i) {
    const std::unique_ptr<Event> done = runtime_.platform().MakeEvent();
    Shard& shard = runtime_.shard(i);
    runtime_.PostSurely(shard, [&task, &shard, event = done.get()] {
      task(shard);
      event->Notify();
    });
    done->WaitUntil(Instant::Infinite());
  }
}

absl::Status NodeCore::Start() {
  if (options_.name.empty() || options_.name.size() > 255) {
    return absl::InvalidArgumentError(
        absl::StrCat("a node's name has 1 to 255 bytes: \"", Printable(options_.name), "\""));
  }
  if (runtime_.router() != nullptr) {
    return absl::FailedPreconditionError("the system has a node already");
  }
  SocketAddress listen;
  if (!options_.listen.empty()) {
    TROUPE_ASSIGN_OR_RETURN(listen, SocketAddress::Parse(options_.listen));
    TROUPE_RETURN_IF_ERROR(MayReach(listen));
  }
  runtime_.set_router(this);
  absl::Status listening;
  OnEachShard([&](Shard& shard) {
    std::unique_ptr<NodeShard>& node = shards_[shard.index()];
    node = std::make_unique<NodeShard>(*this, shard);
  });
  if (options_.listen.empty()) return absl::OkStatus();
  // The port is known before the first connection is shaken hands with.
  OnEachShard([&](Shard& shard) {
    if (shard.index() != 0) return;
    listening = shards_[0]->Listen(listen);
    if (!listening.ok()) return;
    address_ = shards_[0]->local_address();
    advertised_ = address_.ToString();
  });
  return listening;
}

void NodeCore::Drain(Instant deadline) {
  if (drained_ || runtime_.router() != this) return;
  drained_ = true;
  AwaitEachShard([](NodeShard& node, Event* drained) { node.BeginDrain(drained); }, deadline);
  // No session begins any more. The ends that are on their way between shards arrive.
  const uint64_t last = news_.load(std::memory_order_relaxed);
  AwaitEachShard(
      [last](NodeShard& node, Event* told) { node.peer_watchers().NotifyAt(last, told); },
      deadline);
  // From here on no shard finds the node; what is under way between them is refused.
  runtime_.set_router(nullptr);
  OnEachShard([&](Shard& shard) { shards_[shard.index()].reset(); });
}

void NodeCore::AwaitEachShard(const std::function<void(NodeShard&, Event*)>& task,
                              Instant deadline) {
  const size_t first = events_.size();
  for (size_t i = 0; i < shards_.size(); ++i) events_.push_back(runtime_.platform().MakeEvent());
  OnEachShard(
      [&](Shard& shard) { task(*shards_[shard.index()], events_[first + shard.index()].get()); });
  for (size_t i = first; i < events_.size(); ++i) events_[i]->WaitUntil(deadline);
}

SendResult NodeCore::Send(const AnyRef& target, Envelope* envelope) {
  NodeShard* const node = here();
  return node != nullptr ? node->Send(target, envelope) : SendResult::kGone;
}

void NodeCore::Cancel(const AnyRef& target, uint16_t asker_shard, uint64_t ask) {
  if (NodeShard* const node = here()) node->Cancel(target, asker_shard, ask);
}

void NodeCore::Credit(const AnyRef& target, uint16_t asker_shard, uint64_t ask, uint32_t items) {
  if (NodeShard* const node = here()) node->Credit(target, asker_shard, ask, items);
}

void NodeCore::Monitor(const AnyRef& target, Envelope* down) {
  if (NodeShard* const node = here()) {
    node->Monitor(target, down);
  } else {
    Shard::Current()->monitors().Send(down, target, StopReason::kNodeDown,
                                      absl::UnavailableError("the node has ended"));
  }
}

void NodeCore::Demonitor(const AnyRef& target, uint16_t watcher_shard, uint64_t record) {
  if (NodeShard* const node = here()) node->Demonitor(target, watcher_shard, record);
}

std::string NodeCore::NodeName(uint64_t incarnation) {
  const auto route = directory_.Find(incarnation);
  return route.has_value() ? route->name : absl::StrCat(absl::Hex(incarnation));
}

NodeCounters NodeCore::Counters() {
  NodeCounters sum;
  if (drained_) return sum;
  OnEachShard([&](Shard& shard) { sum += shards_[shard.index()]->Snapshot(); });
  return sum;
}

std::vector<PeerState> NodeCore::Peers() {
  std::vector<PeerState> peers;
  if (drained_) return peers;
  OnEachShard([&](Shard& shard) { shards_[shard.index()]->AddPeers(peers); });
  std::sort(peers.begin(), peers.end(),
            [](const PeerState& a, const PeerState& b) { return a.name < b.name; });
  return peers;
}

}  // namespace troupe::internal
