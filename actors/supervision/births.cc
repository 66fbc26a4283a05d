#include "troupe/actors/supervision/births.h"

#include <utility>

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/cells/slot_table.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/mail/mailboxes.h"
#include "troupe/actors/mail/outboxes.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/cell_extra.h"
#include "troupe/actors/supervision/life_events.h"
#include "troupe/actors/supervision/monitors.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/actors/system.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/base/check.h"
#include "troupe/base/logging.h"
#include "troupe/base/poison.h"
#include "troupe/base/text.h"

namespace troupe::internal {
namespace {

// A spawn on its way to the actor's shard. Owned pointers, so that it fits an envelope.
struct InstallActor {
  struct Parts {
    InstancePtr instance;
    SpawnOptions options;
    AnyRef parent;
  };

  SlotLease lease;
  Parts* parts;

  void operator()(Shard& shard) {
    shard.births().Install(lease, std::move(parts->instance), parts->options, parts->parent);
    delete parts;
  }
};

}  // namespace

std::optional<SlotLease> Births::Lease(uint16_t shard) {
  if (shard == shard_.index()) return slots_.Acquire();
  return shard_.runtime().shard(shard).slots_table().LeaseFrom(leases_[shard]);
}

void Births::GiveBack(uint16_t shard, const SlotLease& lease) {
  if (shard == shard_.index()) {
    slots_.Release(*shard_.Find(lease.slot, lease.generation));
  } else {
    leases_[shard].push_back(lease);
  }
}

absl::Status Births::WhyNot(int placement) const {
  const Cell* const parent = shard_.running().cell;
  if (shard_.runtime().stopping()) return absl::UnavailableError("the system is stopping");
  if (parent != nullptr && parent->state == CellState::kStopping) {
    return absl::UnavailableError("an actor that stops has no more children");
  }
  const uint32_t children_max = shard_.limits().children_per_actor_max;
  if (parent != nullptr && parent->children() >= children_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the actor has children_per_actor_max (", children_max, ") children"));
  }
  if (placement >= 0 && !shard_.HasShard(static_cast<size_t>(placement))) {
    return absl::InvalidArgumentError(
        absl::StrCat("placement names shard ", placement, " of ", shard_.runtime().shard_count()));
  }
  if (placement < 0 || placement == shard_.index()) return absl::OkStatus();
  return shard_.outboxes().ControlRoom(static_cast<uint16_t>(placement));
}

bool Births::MaySpawnHere(const SpawnOptions& options, const Instance& instance) const {
  const Cell* const parent = shard_.running().cell;
  return options.placement.shard < 0 && options.name.empty() && !instance.is_worker_front() &&
         !shard_.runtime().stopping() &&
         (parent == nullptr || (parent->state != CellState::kStopping &&
                                parent->children() < shard_.limits().children_per_actor_max));
}

// Its turn starts it.
inline void Births::Await(Shard& shard, Cell& cell) {
  ++shard.counters().spawned;
  if (supervisor_.final_sweep().begun()) [[unlikely]] {
    cell.Mark(kStopAsked);
    cell.Mark(kEndAsked);
    cell.reason = StopReason::kShutdown;
  }
  // Messages that came before are in the mailbox, and the cell may be queued for them: then its
  // turn starts it. Else it goes to the front.
  if (cell.marked(kQueued)) {
    cell.stall |= kAttention;
  } else {
    shard.run_queue().PushNewest(cell);
  }
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline Cell* Births::SpawnPlain(Instance* instance) {
  Shard& shard = shard_;
  Cell& parent = *shard.running().cell;
  if (parent.actor == nullptr || parent.state == CellState::kStopping || shard.runtime().stopping())
      [[unlikely]] {
    return nullptr;
  }
  if (!parent.has_ties() || !slots_.any_free()) [[unlikely]]
    return PrepareAndSpawnPlain(instance);
  Ties& ties = parent.ties();
  if (ties.children >= shard.limits().children_per_actor_max) [[unlikely]]
    return nullptr;
  Cell& cell = *slots_.Take();
  Children::Adopt(shard.slots(), parent, ties, cell);
  // As Occupy() does for a cell that others may have seen.
  cell.set_instance(instance);
  cell.state = CellState::kStarting;
  cell.reason = StopReason::kStopped;
  Await(shard, cell);
  return &cell;
}

// Apart, so that the spawns after it save no registers for calls which they do not make.
Cell* Births::PrepareAndSpawnPlain(Instance* instance) {
  shard_.running().cell->Tie();
  return slots_.Refill() ? SpawnPlain(instance) : nullptr;
}

AnyRef Births::Spawn(InstancePtr instance, SpawnOptions&& options, absl::Status& status) {
  Runtime& runtime = shard_.runtime();
  const int wanted = options.placement.shard;
  const uint16_t shard = wanted < 0 ? shard_.index() : static_cast<uint16_t>(wanted);
  const bool plain = MaySpawnHere(options, *instance);
  status = Validate(options);
  if (status.ok() && !plain) status = WhyNot(wanted);
  std::optional<SlotLease> lease;
  if (status.ok()) lease = Lease(shard);
  if (status.ok() && !lease.has_value()) [[unlikely]] {
    status = absl::ResourceExhaustedError(absl::StrCat("actors_per_shard_max (",
                                                       shard_.limits().actors_per_shard_max,
                                                       ") actors live on shard ", shard));
  }
  AnyRef ref;
  if (status.ok()) {
    ref = AnyRef(runtime.system(), shard_.incarnation(), shard, lease->slot, lease->generation);
    if (!plain) status = runtime.ClaimAndPrepare(options.name, ref, *instance);
    if (!status.ok()) GiveBack(shard, *lease);
  }
  if (!status.ok()) [[unlikely]]
    return runtime.UnbornRef(status);
  Cell* parent = shard_.running().cell;
  if (parent != nullptr && parent->instance() == nullptr) parent = nullptr;
  if (shard == shard_.index()) {
    Cell& cell = *shard_.Find(lease->slot, lease->generation);
    if (parent != nullptr) Children::Adopt(shard_.slots(), *parent, parent->Tie(), cell);
    Place(cell, std::move(instance), options);
    return ref;
  }
  AnyRef parent_ref;
  if (parent != nullptr) {
    parent_ref = shard_.RefOf(*parent);
    supervisor_.children().AdoptRemote(*parent, ref);
  }
  SendControlTo(shard_, shard,
                InstallActor{*lease, new InstallActor::Parts{std::move(instance),
                                                             std::move(options), parent_ref}});
  return ref;
}

void Births::Configure(Cell& cell, const SpawnOptions& options) {
  if (options.mailbox.messages_max > 0) cell.messages_max = options.mailbox.messages_max;
  if (options.mailbox.bytes_max > 0) {
    cell.bytes_max = static_cast<uint32_t>(options.mailbox.bytes_max);
  }
  if (options.mailbox.messages_max > 0 || options.mailbox.bytes_max > 0) {
    shard_.mailboxes().ArriveAgain(cell);
  }
  if (options.mailbox.overflow == Overflow::kDropOldest) cell.Mark(kDropOldest);
  if (!IsDefault(options.restart)) cell.Extra().restart = options.restart;
  if (!options.name.empty()) cell.Extra().name = options.name;
}

void Births::Install(const SlotLease& lease, InstancePtr instance, const SpawnOptions& options,
                     const AnyRef& parent) {
  Cell& cell = *shard_.Find(lease.slot, lease.generation);
  if (parent) cell.Extra().remote_parent = parent;
  Place(cell, std::move(instance), options);
}

void Births::Place(Cell& cell, InstancePtr instance, const SpawnOptions& options) {
  Occupy(cell, instance.release());
  Configure(cell, options);
  Await(shard_, cell);
}

void Births::Occupy(Cell& cell, Instance* instance) {
  cell.set_instance(instance);
  cell.state = CellState::kStarting;
  cell.stall = kBlocked | (cell.stall & kArrivals);
}

void Births::EndRefused() {
  for (const SlotLease& lease : slots_.TakeBurned()) {
    supervisor_.EndUnborn(*shard_.Find(lease.slot, lease.generation));
  }
}

// --- The start of a life. ---

bool Births::Start(Cell& cell) {
  if (cell.actor != nullptr || cell.instance() == nullptr) return false;
  // It is marked as queued while it starts: what it then has to do is done here and now, so that
  // an actor which ends as it starts is gone before the next is made.
  cell.Mark(kQueued);
  if (!cell.marked(kStopAsked)) Begin(cell);
  if (cell.marked(kStopAsked)) {
    if (supervisor_.EndAtOnce(cell)) {
      cell.Unmark(kQueued);
      return true;
    }
    cell.stall |= kAttention;
  }
  cell.Unmark(kQueued);
  return cell.mailbox.empty() && (cell.stall & kAttention) == 0;
}

// As a Scope for the constructor and one for OnStart would, but for what a million starts in a row
// need not write twice.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline void Births::Begin(Cell& cell) {
  if (start_envelope_ == nullptr) [[unlikely]]
    MakeStartEnvelope();
  Running& running = shard_.running();
  TROUPE_DCHECK(running.envelope == nullptr && running.activation == nullptr);
  running.cell = &cell;
  Progress progress = Progress::kDone;
  try {
    Instance& instance = *cell.instance();
    cell.actor = instance.Create();
    if (running.activation != nullptr) [[unlikely]]
      LeaveConstructor();
    if (instance.info().has_on_start) {
      running.envelope = start_envelope_;
      progress = RunOnStart(cell);
    } else {
      Supervisor::StartedInVisit(cell);
    }
  } catch (...) {
    supervisor_.HandlerThrew(cell);
  }
  if (progress != Progress::kDone || running.activation != nullptr) [[unlikely]] {
    if (running.envelope == nullptr) {
      LeaveConstructor();
    } else {
      shard_.LeaveHandler(std::exchange(start_envelope_, nullptr), progress);
    }
  }
  running.cell = nullptr;
  running.envelope = nullptr;
  if (start_envelope_ != nullptr) Poison(start_envelope_, sizeof(Envelope));
  if (cell.marked(kStopsItself)) supervisor_.StopItself(cell);
}

void Births::LeaveConstructor() { shard_.activations().Leave(/*parked=*/false); }

ABSL_ATTRIBUTE_ALWAYS_INLINE inline Progress Births::RunOnStart(Cell& cell) {
  Envelope& envelope = *start_envelope_;
  Unpoison(&envelope, sizeof(Envelope));
  envelope.cell = &cell;
  Reply<void> reply = cell.actor->OnStart(envelope);
  if (!reply.done()) [[unlikely]]
    return shard_.activations().Park(envelope, reply.Detach());
  const absl::Status status = reply.Take();
  if (status.ok()) [[likely]] {
    Supervisor::StartedInVisit(cell);
  } else {
    supervisor_.StartFailed(cell, status);
  }
  return Progress::kDone;
}

void Births::MakeStartEnvelope() {
  start_envelope_ = NewLifeEvent(shard_, &kStartType);
  shard_.SetPayload(start_envelope_, StartEvent{}, 0);
}

Cell* SpawnPlainChild(Shard& shard, Instance* instance) {
  return shard.births().SpawnPlain(instance);
}

}  // namespace troupe::internal
