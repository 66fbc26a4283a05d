#include "troupe/actors/supervision/births.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/mail/mailboxes.h"
#include "troupe/actors/memory/slot_table.h"
#include "troupe/actors/runtime/activations.h"
#include "troupe/actors/runtime/cell_extra.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/runtime/shard.h"
#include "troupe/actors/supervision/life_events.h"
#include "troupe/actors/supervision/monitors.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/base/logging.h"
#include "troupe/base/text.h"

namespace troupe::internal {
namespace {

// A spawn on its way to the actor's shard. Owned pointers, so that it fits an envelope.
struct InstallActor {
  SlotLease lease;
  Instance* instance;
  SpawnRequest* request;

  void operator()(Shard& shard) {
    shard.births().Install(lease, std::unique_ptr<Instance>(instance), std::move(*request));
    delete request;
  }
};

bool IsDefault(const RestartOptions& options) {
  const RestartOptions plain;
  return options.kind == plain.kind && options.max == plain.max && options.within == plain.within &&
         options.backoff_min == plain.backoff_min && options.backoff_max == plain.backoff_max;
}

}  // namespace

std::optional<SlotLease> Births::Lease(uint16_t shard) {
  if (shard == shard_.index()) return shard_.slots_table().Acquire();
  constexpr size_t kLeaseBatch = 64;
  std::vector<SlotLease>& leases = leases_[shard];
  if (leases.empty()) shard_.runtime().shard(shard).slots_table().Lease(leases, kLeaseBatch);
  if (leases.empty()) return std::nullopt;
  const SlotLease lease = leases.back();
  leases.pop_back();
  return lease;
}

void Births::GiveBack(uint16_t shard, const SlotLease& lease) {
  if (shard == shard_.index()) {
    shard_.slots_table().Release(*shard_.Find(lease.slot, lease.generation));
  } else {
    leases_[shard].push_back(lease);
  }
}

absl::Status Births::MaySpawn(int placement) const {
  const Cell* const parent = shard_.running().cell;
  const uint32_t children_max = shard_.limits().children_per_actor_max;
  if (shard_.runtime().stopping()) return absl::UnavailableError("the system is stopping");
  if (parent != nullptr && parent->state == CellState::kStopping) {
    return absl::UnavailableError("an actor that stops has no more children");
  }
  if (parent != nullptr && parent->children >= children_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the actor has children_per_actor_max (", children_max, ") children"));
  }
  if (placement >= 0 && !shard_.HasShard(static_cast<size_t>(placement))) {
    return absl::InvalidArgumentError(
        absl::StrCat("placement names shard ", placement, " of ", shard_.runtime().shard_count()));
  }
  if (placement < 0 || placement == shard_.index()) return absl::OkStatus();
  return shard_.ControlRoom(static_cast<uint16_t>(placement));
}

std::pair<AnyRef, absl::Status> Births::Spawn(std::unique_ptr<Instance> instance,
                                              SpawnRequest request) {
  Runtime& runtime = shard_.runtime();
  const int wanted = request.options.placement.shard;
  const uint16_t shard = wanted < 0 ? shard_.index() : static_cast<uint16_t>(wanted);
  absl::Status status = MaySpawn(wanted);
  std::optional<SlotLease> lease;
  if (status.ok()) lease = Lease(shard);
  if (status.ok() && !lease.has_value()) {
    status = absl::ResourceExhaustedError(absl::StrCat("actors_per_shard_max (",
                                                       shard_.limits().actors_per_shard_max,
                                                       ") actors live on shard ", shard));
  }
  AnyRef ref;
  if (status.ok()) {
    ref = AnyRef(runtime.system(), shard_.incarnation(), shard, lease->slot, lease->generation);
    status = runtime.ClaimAndPrepare(request.options.name, ref, *instance);
    if (!status.ok()) GiveBack(shard, *lease);
  }
  if (!status.ok()) {
    const std::string actor(instance->info().name);
    TROUPE_LOG(kWarning, "no actor ", actor, " is spawned: ", AbslView(StdView(status.message())));
    return {runtime.UnbornRef(status), status};
  }
  if (Cell* const parent = shard_.running().cell;
      parent != nullptr && parent->instance != nullptr) {
    request.parent = shard_.RefOf(*parent);
    ++parent->children;
    if (shard != shard_.index()) parent->Extra().remote_children.insert(ref);
  }
  if (shard == shard_.index()) {
    Install(*lease, std::move(instance), std::move(request));
  } else {
    SendControlTo(shard_, shard,
                  InstallActor{*lease, instance.release(), new SpawnRequest(std::move(request))});
  }
  return {ref, absl::OkStatus()};
}

void Births::Configure(Cell& cell, const SpawnOptions& options) {
  if (options.mailbox.messages_max > 0) cell.messages_max = options.mailbox.messages_max;
  if (options.mailbox.bytes_max > 0) {
    cell.bytes_max = static_cast<uint32_t>(
        std::min<uint64_t>(options.mailbox.bytes_max, std::numeric_limits<uint32_t>::max()));
  }
  if (options.mailbox.overflow == Overflow::kDropOldest) cell.Mark(kDropOldest);
  if (!IsDefault(options.restart)) cell.Extra().restart = options.restart;
  if (!options.name.empty()) cell.Extra().name = options.name;
}

void Births::Adopt(Cell& cell, const AnyRef& parent_ref) {
  if (!shard_.IsLocal(parent_ref)) {
    cell.Extra().remote_parent = parent_ref;
    return;
  }
  Cell& parent = *shard_.Find(parent_ref);
  cell.parent = parent.slot;
  cell.next_sibling = parent.first_child;
  if (cell.next_sibling != kNoSlot) shard_.slots().At(cell.next_sibling).prev_sibling = cell.slot;
  parent.first_child = cell.slot;
}

void Births::Install(const SlotLease& lease, std::unique_ptr<Instance> instance,
                     SpawnRequest request) {
  Cell& cell = *shard_.Find(lease.slot, lease.generation);
  cell.instance = instance.release();
  cell.state = CellState::kStarting;
  cell.stall = kBlocked | (cell.stall & kArrivals);
  Configure(cell, request.options);
  if (request.options.mailbox.messages_max > 0 || request.options.mailbox.bytes_max > 0) {
    shard_.mailboxes().ArriveAgain(cell);
  }
  if (request.parent) Adopt(cell, request.parent);
  shard_.supervisor().NoteBorn();
  ++shard_.counters().spawned;
  if (shard_.supervisor().final_sweep().begun()) {
    cell.Mark(kStopAsked);
    cell.Mark(kEndAsked);
    cell.set_reason(StopReason::kShutdown);
  }
  // Messages that came before are in the mailbox, and the cell may be queued for them: then its
  // turn starts it. Else it goes to the front.
  if (cell.marked(kQueued)) {
    cell.stall |= kAttention;
  } else {
    shard_.run_queue().PushNewest(cell);
  }
}

void Births::EndRefused() {
  for (const SlotLease& lease : shard_.slots_table().TakeBurned()) {
    shard_.supervisor().EndUnborn(*shard_.Find(lease.slot, lease.generation));
  }
}

void Births::Begin(Cell& cell) {
  const bool created =
      shard_.activations().RunCode(&cell, [&] { cell.actor = cell.instance->Create(); });
  if (!created) return;
  if (!cell.instance->info().has_on_start) {
    return shard_.supervisor().Started(cell, absl::OkStatus());
  }
  Envelope* const envelope = shard_.NewEnvelope(&kStartType);
  envelope->flags |= kEvent;
  envelope->record = 0;
  shard_.SetPayload(envelope, StartEvent{}, 0);
  envelope->cell = &cell;
  shard_.RunEvent(cell, envelope);
}

}  // namespace troupe::internal
