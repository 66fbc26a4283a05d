#include "troupe/transport/node.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events/event_records.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/place.h"
#include "troupe/base/check.h"
#include "troupe/base/printable.h"
#include "troupe/base/status_macros.h"
#include "troupe/transport/lookup_request.h"
#include "troupe/transport/node_core.h"
#include "troupe/transport/node_shard.h"
#include "troupe/transport/peer_watchers.h"

namespace troupe {

Node::Node(std::unique_ptr<internal::NodeCore> core) : core_(std::move(core)) {}

Node::~Node() {
  if (core_ == nullptr) return;
  internal::CheckLives(core_->system(), "~Node()");
  internal::CheckMayEnd(core_->runtime(), "~Node()");
}

absl::StatusOr<std::unique_ptr<Node>> Node::Start(System& system, NodeOptions options) {
  internal::CheckMayBlock(system.runtime(), "Node::Start()");
  auto core = std::make_unique<internal::NodeCore>(system.runtime(), std::move(options));
  TROUPE_RETURN_IF_ERROR(core->Start());
  return std::unique_ptr<Node>(new Node(std::move(core)));
}

absl::Status Node::ExportAny(std::string_view name, const AnyRef& ref) {
  if (!ref || ref.incarnation() != core_->runtime().incarnation() ||
      ref.shard() >= core_->runtime().shard_count()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", Printable(name), "\": the handle is no actor's of this node"));
  }
  return core_->exports().Add(name, ref);
}

bool Node::Unexport(std::string_view name) { return core_->exports().Remove(name); }

absl::StatusOr<PeerWatchId> Node::WatchPeersBy(Context& cx, const internal::MessageType& up,
                                               const internal::MessageType& down) {
  cx.self();  // CHECKs that its handler runs.
  TROUPE_CHECK_MSG(&internal::Shard::Current()->runtime() == &core_->runtime(),
                   "WatchPeers() of a Node in an actor of another System");
  internal::NodeShard* const here = core_->here();
  if (here == nullptr) return absl::UnavailableError("the node has ended");
  return here->peer_watchers().Watch(&up, &down);
}

bool Node::UnwatchPeers(Context& cx, PeerWatchId watch) {
  cx.self();  // CHECKs that its handler runs.
  internal::Shard& shard = *internal::Shard::Current();
  return shard.records().Remove(watch.value(), shard.running().cell);
}

std::vector<PeerState> Node::Peers() {
  internal::CheckMayBlock(core_->runtime(), "Node::Peers()");
  return core_->Peers();
}

internal::Envelope* Node::MakeLookup(std::string_view url, const internal::ServiceInfo& service,
                                     void (*deliver)(uint64_t ask, const AnyRef& ref)) {
  internal::LookupRequest request = internal::ParseLookup(url);
  request.service = &service;
  request.deliver = deliver;
  return internal::Enclose(&internal::kLookupType, std::move(request), 0);
}

AnyRef Node::Nobody() const {
  return AnyRef(core_->runtime().system(), internal::kNobody, 0, 0, 0);
}

const SocketAddress& Node::address() const { return core_->address(); }

NodeCounters Node::Counters() {
  internal::CheckMayBlock(core_->runtime(), "Node::Counters()");
  return core_->Counters();
}

}  // namespace troupe
