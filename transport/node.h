#ifndef TROUPE_TRANSPORT_NODE_H_
#define TROUPE_TRANSPORT_NODE_H_

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "troupe/actors/asks/pending_ask.h"
#include "troupe/actors/call.h"
#include "troupe/actors/context_base.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/actors/typing/handles.h"
#include "troupe/loop/socket.h"
#include "troupe/transport/node_counters.h"
#include "troupe/transport/node_options.h"
#include "troupe/transport/peers.h"

namespace troupe {

namespace internal {
class NodeCore;

// A handle of a generated service, or of an actor class that serves one.
template <typename R>
inline constexpr bool kIsExportable = std::derived_from<R, AnyRef>;
template <typename A>
inline constexpr bool kIsExportable<Ref<A>> = HasService<A>;
template <typename A>
concept HandlesPeers = Handles<A, PeerUp> && Handles<A, PeerDown>;
}  // namespace internal

// Connects a system with others: peers reach its exported actors, and its actors reach those of
// peers, through the same handles.
//
// Thread:   any, unless stated otherwise. Started and destroyed on a thread that runs no shard.
// Lifetime: ends before its System, which has one Node at a time, and after System::Run() or the
//           actors that use it. The destructor says goodbye to
//           all peers and gives every pending request its outcome.
class Node {
 public:
  // Errors: INVALID_ARGUMENT for a malformed name or address; FAILED_PRECONDITION for an address
  // off loopback without unsafe_allow_plaintext or a port in use, both named in the text, or if the
  // System has a node already.
  static absl::StatusOr<std::unique_ptr<Node>> Start(System& system, NodeOptions options);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Lets peers look up `ref`, which may not have started yet. Apart from exports, peers can address
  // only the handles sent to them in messages.
  // Errors: ALREADY_EXISTS; INVALID_ARGUMENT for a name that is empty or too long, or a handle that
  // is empty or of another node; RESOURCE_EXHAUSTED at exports_max.
  template <typename R>
  requires(internal::kIsExportable<R>) absl::Status Export(std::string_view name, const R& ref) {
    return ExportAny(name, ref);
  }
  // Selected only to explain, at the caller's line, why the overload above does not apply.
  template <typename R>
  requires(!internal::kIsExportable<R>)
      __attribute__((unavailable("only an actor that serves a generated service can be exported: "
                                 "derive it from the Actor of one"))) absl::Status
      Export(std::string_view name, const R& ref);
  bool Unexport(std::string_view name);

  // Looks up an actor exported by the node at an address: Lookup<bank::Account>(
  // "troupe://127.0.0.1:4500/alice"). A call like others: co_await it on a shard, Wait() on other
  // threads, Within(timeout) for both.
  // Errors: NOT_FOUND if nothing has the name; FAILED_PRECONDITION if the actor serves another
  // service, or the address is off loopback; UNAVAILABLE if the node cannot be reached;
  // INVALID_ARGUMENT for a malformed URL.
  template <typename S>
  Call<typename S::Ref> Lookup(std::string_view url);

  // Sends this actor one PeerUp for each session with a peer, at first for those that exist, and
  // one PeerDown when that session ends; `self` is `this`. All actors of the node get them in one
  // order, until the actor's life ends or it calls UnwatchPeers(). The end of the node sends
  // PeerDown for each session left. An actor that lets 4 * sessions_max of these messages wait
  // misses sessions that begin and end meanwhile: both messages.
  // Thread: the actor's shard, in a handler.
  // Errors: RESOURCE_EXHAUSTED at peer_watches_per_shard_max or records_per_shard_max; UNAVAILABLE
  // once the node has ended.
  template <typename A>
  requires internal::HandlesPeers<A> absl::StatusOr<PeerWatchId> WatchPeers(Context& cx, A* self);
  // Selected only to explain, at the caller's line, why the overload above does not apply.
  template <typename A>
  requires(!internal::HandlesPeers<A>)
      __attribute__((unavailable("the actor has no public void On(troupe::Context&, "
                                 "troupe::PeerUp) or no public void On(troupe::Context&, "
                                 "troupe::PeerDown): write both")))
      absl::StatusOr<PeerWatchId> WatchPeers(Context& cx, A* self);
  // Returns false if that watch has ended, or is another actor's. After true, no message of the
  // watch is handled, not even one already queued.
  // Thread: the actor's shard, in a handler.
  bool UnwatchPeers(Context& cx, PeerWatchId watch);

  // Returns the state of each session, by the peer's name.
  // Thread: not a shard's.
  std::vector<PeerState> Peers();

  // Returns the address it listens on, with the port that the kernel chose; port 0 if it does not
  // listen.
  const SocketAddress& address() const;

  // Thread: not a shard's.
  NodeCounters Counters();

 private:
  explicit Node(std::unique_ptr<internal::NodeCore> core);

  absl::Status ExportAny(std::string_view name, const AnyRef& ref);
  absl::StatusOr<PeerWatchId> WatchPeersBy(Context& cx, const internal::MessageType& up,
                                           const internal::MessageType& down);
  AnyRef Nobody() const;
  // Makes the request of a Lookup(); `deliver` gives the handle found to the ask on its shard.
  static internal::Envelope* MakeLookup(std::string_view url, const internal::ServiceInfo& service,
                                        void (*deliver)(uint64_t ask, const AnyRef& ref));

  std::unique_ptr<internal::NodeCore> core_;
};

// Implementation details follow.
namespace internal {

template <typename R>
void DeliverRef(uint64_t ask, const AnyRef& ref) {
  if (PendingAsk* const pending = TakeAsk(ask)) {
    R typed(ref);
    pending->OnReply(absl::OkStatus(), &typed);
  }
}

}  // namespace internal

template <typename S>
Call<typename S::Ref> Node::Lookup(std::string_view url) {
  return {Nobody(), MakeLookup(url, S::kServiceInfo, &internal::DeliverRef<typename S::Ref>)};
}

template <typename A>
requires internal::HandlesPeers<A> absl::StatusOr<PeerWatchId> Node::WatchPeers(Context& cx, A*) {
  return WatchPeersBy(cx, internal::kMessageType<A, PeerUp>, internal::kMessageType<A, PeerDown>);
}

}  // namespace troupe

#endif  // TROUPE_TRANSPORT_NODE_H_
