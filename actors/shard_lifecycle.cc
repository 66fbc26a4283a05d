// Shard: how actors begin, fail, are made anew and end.

#include <algorithm>
#include <cmath>
#include <exception>
#include <string>

#include "absl/strings/str_cat.h"
#include "troupe/actors/dispatch.h"
#include "troupe/actors/router.h"
#include "troupe/actors/runtime.h"
#include "troupe/actors/shard.h"
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
    shard.Install(lease, std::unique_ptr<Instance>(instance), std::move(*request));
    delete request;
  }
};

struct StopActor {
  AnyRef ref;
  StopReason reason;

  void operator()(Shard& shard) { shard.Stop(ref, reason); }
};

struct ChildGoneNotice {
  AnyRef* refs;  // Owned: parent, child.

  void operator()(Shard& shard) {
    shard.ChildGone(refs[0], refs[1]);
    delete[] refs;
  }
};

// The handler OnStart runs in, as any handler does in that of its message.
struct StartEvent {};
struct StopEvent {
  StopReason reason;
};

Progress DispatchStart(Actor* actor, Envelope& envelope) {
  Shard& shard = *Shard::Current();
  Cell& cell = *shard.current_cell();
  Reply<void> reply = actor->OnStart(envelope);
  if (!reply.done()) return shard.Park(envelope, reply.Detach());
  shard.Started(cell, reply.Take());
  return Progress::kDone;
}

void CompleteStart(Envelope& envelope, std::coroutine_handle<> root) {
  const auto frame = std::coroutine_handle<ReplyPromise<void>>::from_address(root.address());
  FrameGuard<ReplyPromise<void>> guard(frame);
  Shard::Current()->Started(*envelope.cell, frame.promise().Take());
}

Progress DispatchStop(Actor* actor, Envelope& envelope) {
  Shard& shard = *Shard::Current();
  Cell& cell = *shard.current_cell();
  Reply<void> reply = actor->OnStop(envelope, PayloadAs<StopEvent>(envelope).reason);
  if (!reply.done()) return shard.Park(envelope, reply.Detach());
  shard.Stopped(cell, reply.Take());
  return Progress::kDone;
}

void CompleteStop(Envelope& envelope, std::coroutine_handle<> root) {
  const auto frame = std::coroutine_handle<ReplyPromise<void>>::from_address(root.address());
  FrameGuard<ReplyPromise<void>> guard(frame);
  Shard::Current()->Stopped(*envelope.cell, frame.promise().Take());
}

constexpr MessageType kStartType = {.dispatch = &DispatchStart,
                                    .destroy = &DestroyPayload<StartEvent>,
                                    .complete = &CompleteStart,
                                    .name = "OnStart"};
constexpr MessageType kStopType = {.dispatch = &DispatchStop,
                                   .destroy = &DestroyPayload<StopEvent>,
                                   .complete = &CompleteStop,
                                   .name = "OnStop"};

std::string NameOf(const Cell& cell) {
  std::string name(cell.instance->info().name);
  if (cell.extra != nullptr && !cell.extra->name.empty()) {
    absl::StrAppend(&name, " \"", cell.extra->name, "\"");
  }
  return name;
}

// A slot that no table has: a handle that is dead from birth.
constexpr uint32_t kUnbornSlot = kShardSlot - 1;

}  // namespace

// --- Birth. ---

std::optional<SlotLease> Shard::LeaseOn(uint16_t shard) {
  if (shard == index_) return slots_.Acquire();
  constexpr size_t kLeaseBatch = 64;
  std::vector<SlotLease>& leases = leases_[shard];
  if (leases.empty()) runtime_.shard(shard).slots().Lease(leases, kLeaseBatch);
  if (leases.empty()) return std::nullopt;
  const SlotLease lease = leases.back();
  leases.pop_back();
  return lease;
}

AnyRef Shard::RefuseBirth(const absl::Status& why) {
  return AnyRef(runtime_.system(), incarnation_, index_, kUnbornSlot, runtime_.RememberUnborn(why));
}

std::pair<AnyRef, absl::Status> Shard::Spawn(std::unique_ptr<Instance> instance,
                                             SpawnRequest request) {
  const auto refuse = [&](absl::Status why) {
    return std::pair<AnyRef, absl::Status>(RefuseBirth(why), why);
  };
  if (runtime_.stopping()) return refuse(absl::UnavailableError("the system is stopping"));
  if (current_cell_ != nullptr && current_cell_->state == CellState::kStopping) {
    return refuse(absl::UnavailableError("an actor that stops has no more children"));
  }
  if (current_cell_ != nullptr && current_cell_->children >= limits_.children_per_actor_max) {
    return refuse(absl::ResourceExhaustedError(absl::StrCat(
        "the actor has children_per_actor_max (", limits_.children_per_actor_max, ") children")));
  }
  const int wanted = request.options.placement.shard;
  const uint16_t shard = wanted < 0 ? index_ : static_cast<uint16_t>(wanted);
  if (wanted >= static_cast<int>(outboxes_.size())) {
    return refuse(absl::InvalidArgumentError(
        absl::StrCat("placement names shard ", wanted, " of ", outboxes_.size())));
  }
  const std::optional<SlotLease> lease = LeaseOn(shard);
  if (!lease.has_value()) {
    return refuse(absl::ResourceExhaustedError(absl::StrCat(
        "actors_per_shard_max (", limits_.actors_per_shard_max, ") actors live on shard ", shard)));
  }
  const AnyRef ref(runtime_.system(), incarnation_, shard, lease->slot, lease->generation);
  const absl::Status prepared = runtime_.ClaimAndPrepare(request.options.name, ref, *instance);
  if (!prepared.ok()) {
    if (shard == index_) {
      slots_.Release(*Find(ref));
    } else {
      leases_[shard].push_back(*lease);
    }
    return refuse(prepared);
  }
  if (current_cell_ != nullptr) {
    request.parent = RefOf(*current_cell_);
    ++current_cell_->children;
    if (shard != index_) current_cell_->Extra().remote_children.insert(ref);
  }
  if (shard == index_) {
    Install(*lease, std::move(instance), std::move(request));
  } else {
    SendControlTo(*this, shard,
                  InstallActor{*lease, instance.release(), new SpawnRequest(std::move(request))});
  }
  return {ref, absl::OkStatus()};
}

void Shard::Install(const SlotLease& lease, std::unique_ptr<Instance> instance,
                    SpawnRequest request) {
  Cell& cell = *slots_.Find(lease.slot, lease.generation);
  cell.instance = std::move(instance);
  cell.state = CellState::kStarting;
  cell.stall = kBlocked;
  const SpawnOptions& options = request.options;
  if (options.mailbox.messages_max > 0) cell.messages_max = options.mailbox.messages_max;
  if (options.mailbox.bytes_max > 0) {
    cell.bytes_max = static_cast<uint32_t>(
        std::min<uint64_t>(options.mailbox.bytes_max, std::numeric_limits<uint32_t>::max()));
  }
  cell.drop_oldest = options.mailbox.overflow == Overflow::kDropOldest;
  const bool plain_restart = options.restart.kind == RestartKind::kOnFailure &&
                             options.restart.max == 5 &&
                             options.restart.within == absl::Seconds(30);
  if (!plain_restart || options.restart.backoff_min != RestartOptions().backoff_min ||
      options.restart.backoff_max != RestartOptions().backoff_max) {
    cell.Extra().restart = options.restart;
  }
  if (!options.name.empty()) cell.Extra().name = options.name;
  if (request.parent) {
    if (IsLocal(request.parent)) {
      Cell* const parent = Find(request.parent);
      cell.parent = parent;
      cell.next_sibling = parent->first_child;
      if (cell.next_sibling != nullptr) cell.next_sibling->prev_sibling = &cell;
      parent->first_child = &cell;
    } else {
      cell.Extra().remote_parent = request.parent;
    }
  }
  ++actors_alive_;
  ++counters_.spawned;
  if (runtime_.stopping()) {
    cell.stop_asked = true;
    cell.Extra().stop_reason = StopReason::kShutdown;
  }
  // Messages that came before are in the mailbox, and the cell may be queued for them: then its
  // turn starts it. Else it goes to the front.
  if (cell.queued) {
    cell.stall |= kAttention;
    return;
  }
  cell.queued = true;
  cell.run_next = newest_;
  newest_ = &cell;
}

uint32_t Shard::StartNewest(uint32_t budget) {
  Cell& cell = *newest_;
  newest_ = cell.run_next;
  // It stays marked as queued while it starts: what it then has to do is done here and now, so
  // that an actor which ends as it starts is gone before the next is made.
  if (cell.state == CellState::kStarting && cell.actor == nullptr && !cell.stop_asked) {
    RunStart(cell);
  } else {
    cell.stall |= kAttention;
  }
  cell.queued = false;
  if (cell.mailbox.empty() && (cell.stall & kAttention) == 0) return 0;
  return RunCell(cell, budget);
}

void Shard::RunStart(Cell& cell) {
  current_cell_ = &cell;
  try {
    cell.actor = cell.instance->Create();
  } catch (...) {
    HandlerThrew(cell);
    current_cell_ = nullptr;
    BeginStop(cell);
    return;
  }
  Envelope* const envelope = NewEnvelope(&kStartType);
  SetPayload(envelope, StartEvent{}, 0);
  envelope->cell = &cell;
  RunEvent(cell, envelope);
  --counters_.handled;
}

void Shard::Started(Cell& cell, absl::Status status) {
  if (cell.state != CellState::kStarting) return;
  if (!status.ok()) {
    Fail(cell, absl::Status(status.code(),
                            absl::StrCat("OnStart: ", AbslView(StdView(status.message())))));
    return;
  }
  cell.state = CellState::kRunning;
  if (cell.blocked_by == 0) cell.stall &= ~kBlocked;
  if (!cell.mailbox.empty() || cell.stall != 0) MakeRunnable(cell);
}

// --- Failure. ---

void Shard::HandlerThrew(Cell& cell) {
  absl::Status why;
  try {
    throw;
  } catch (const std::exception& thrown) {
    why = absl::InternalError(absl::StrCat("exception: ", thrown.what()));
  } catch (...) {
    why = absl::InternalError("exception that is no std::exception");
  }
  if (current_envelope_ != nullptr && (current_envelope_->flags & kEvent) == 0) {
    ReplyError(*current_envelope_,
               WithCertainty(absl::InternalError("the handler failed"), Certainty::kMaybeExecuted));
  }
  Fail(cell, std::move(why));
}

// Marks the cell; the caller, or its next visit, begins the stop.
void Shard::Fail(Cell& cell, absl::Status why) {
  ++counters_.failures;
  const std::string_view during =
      current_envelope_ != nullptr ? current_envelope_->type->name : std::string_view("start");
  TROUPE_LOG(kWarning, "actor ", NameOf(cell), " failed in ", AbslView(during), ": ",
             AbslView(Printable(StdView(why.message()))));
  cell.failed = true;
  CellExtra& extra = cell.Extra();
  extra.stop_status = std::move(why);
  if (cell.state == CellState::kStopping) {
    extra.restart_after_stop = false;
    return;
  }
  cell.stop_asked = true;
  cell.stall |= kAttention | kBlocked;
  MakeRunnable(cell);
}

bool Shard::TakeRestart(Cell& cell) {
  CellExtra& extra = cell.Extra();
  const RestartOptions& options = extra.restart;
  if (options.kind == RestartKind::kNever || !cell.instance->restartable()) return false;
  if (runtime_.stopping() || cell.end_asked) return false;
  const int64_t now = now_nanos();
  const int64_t window = NanosRoundedUp(options.within);
  std::erase_if(extra.restarts, [&](int64_t at) { return now - at >= window; });
  if (extra.restarts.empty()) extra.failures_in_row = 0;
  if (extra.restarts.size() >= options.max) {
    TROUPE_LOG(kError, "actor ", NameOf(cell), " is not restarted: ", options.max,
               " restarts within ", absl::FormatDuration(options.within));
    return false;
  }
  extra.restarts.push_back(now);
  return true;
}

// --- The end. ---

void Shard::Stop(const AnyRef& ref, StopReason reason) {
  if (ref.incarnation() != incarnation_) return;  // Nobody stops another node's actors.
  if (ref.shard() != index_) {
    if (ref.shard() >= outboxes_.size()) return;
    SendControlTo(*this, ref.shard(), StopActor{ref, reason});
    return;
  }
  if (Cell* const cell = Find(ref)) AskToStop(*cell, reason);
}

void Shard::AskToStop(Cell& cell, StopReason reason) {
  if (cell.state == CellState::kFree) return;
  cell.end_asked = true;
  if (cell.state == CellState::kStopping) {
    // A failed actor on its way to its next life: there will be none.
    if (cell.extra != nullptr) cell.extra->restart_after_stop = false;
    return;
  }
  if (cell.stop_asked) return;
  cell.stop_asked = true;
  if (reason != StopReason::kStopped || cell.extra != nullptr) cell.Extra().stop_reason = reason;
  cell.stall |= kAttention;
  MakeRunnable(cell);
}

void Shard::StopAfterHandler() {
  Activation& activation = *CurrentActivation();
  activation.stops_actor = true;
  activation.cell->end_asked = true;
}

void Shard::BeginStop(Cell& cell) {
  if (cell.state == CellState::kStopping) return;
  const bool was_alive = cell.actor != nullptr && cell.state == CellState::kRunning;
  const bool restart = cell.failed && TakeRestart(cell);
  cell.state = CellState::kStopping;
  cell.stall |= kBlocked;
  if (cell.failed || !was_alive) cell.on_stop_called = true;
  if (restart) {
    cell.Extra().restart_after_stop = true;
  } else {
    cell.messages_max = 0;
    DrainMailbox(cell, "the actor stops");
  }
  if (cell.extra != nullptr) cell.extra->backoff.reset();
  EndActivations(cell);
  EndRecords(cell, /*before_on_stop=*/true);
  for (Cell* child = cell.first_child; child != nullptr; child = child->next_sibling) {
    AskToStop(*child, StopReason::kShutdown);
  }
  if (cell.extra != nullptr) {
    for (const AnyRef& child : cell.extra->remote_children) Stop(child, StopReason::kShutdown);
  }
  ContinueStop(cell);
}

void Shard::EndActivations(Cell& cell) {
  Activation* next = nullptr;
  for (Activation* a = cell.activations; a != nullptr; a = next) {
    next = a->next;
    a->cancelled = true;
    a->doomed = true;
    if (a->offloads == 0) {
      DestroyActivation(*a);
      // Destroying one frame may have ended others of this actor.
      next = cell.activations;
      while (next != nullptr && next->doomed) next = next->next;
    }
  }
}

void Shard::EndRecords(Cell& cell, bool before_on_stop) {
  EventRecord* next = nullptr;
  for (EventRecord* record = cell.records; record != nullptr; record = next) {
    next = record->next_;
    if (!before_on_stop || !record->OutlivesOnStop()) RemoveRecord(record->id(), &cell);
  }
}

// One step after the other; called again whenever one that took time is done.
void Shard::ContinueStop(Cell& cell) {
  if (cell.first_child != nullptr) return;
  if (cell.extra != nullptr && !cell.extra->remote_children.empty()) return;
  for (Activation* a = cell.activations; a != nullptr; a = a->next) {
    if (a->doomed) return;  // Its offloads are not back yet.
  }
  if (!cell.on_stop_called) {
    cell.on_stop_called = true;
    Envelope* const envelope = NewEnvelope(&kStopType);
    const StopReason reason =
        cell.extra != nullptr ? cell.extra->stop_reason : StopReason::kStopped;
    SetPayload(envelope, StopEvent{reason}, 0);
    envelope->cell = &cell;
    RunEvent(cell, envelope);
    --counters_.handled;
  }
  if (cell.activations != nullptr) return;  // OnStop waits for something.
  if (cell.extra != nullptr && cell.extra->restart_after_stop) {
    AwaitBackoff(cell);
  } else {
    FinishStop(cell);
  }
}

void Shard::Stopped(Cell& cell, const absl::Status& status) {
  if (!status.ok()) {
    TROUPE_LOG(kWarning, "actor ", NameOf(cell),
               ": OnStop: ", AbslView(Printable(StdView(status.message()))));
  }
}

void Shard::AwaitBackoff(Cell& cell) {
  CellExtra& extra = *cell.extra;
  current_cell_ = &cell;
  EndRecords(cell, /*before_on_stop=*/false);
  cell.actor = nullptr;
  cell.instance->Destroy();
  current_cell_ = nullptr;
  ++counters_.restarts;
  const RestartOptions& options = extra.restart;
  // Doubled at each failure in a row, and a random share of that: many that failed together do
  // not come back together.
  const double factor = std::pow(2.0, std::min<uint32_t>(extra.failures_in_row++, 30));
  const absl::Duration most = std::min(options.backoff_min * factor, options.backoff_max);
  const absl::Duration wait = most * (0.5 + 0.5 * random_.Unit());
  cell.state = CellState::kBackoff;
  cell.stall = kBlocked;
  cell.stop_asked = false;
  cell.failed = false;
  extra.restart_after_stop = false;
  cell.on_stop_called = false;
  extra.stop_reason = StopReason::kStopped;
  extra.stop_status = absl::OkStatus();
  extra.backoff = std::make_unique<BackoffTimer>(*this, cell);
  loop_->timers().Arm(*extra.backoff, loop_->now() + wait);
}

void Shard::BackoffOver(Cell& cell) {
  cell.state = CellState::kStarting;
  cell.stall |= kAttention;
  MakeRunnable(cell);
}

void Shard::FinishStop(Cell& cell) {
  const AnyRef ref = RefOf(cell);
  current_cell_ = &cell;
  EndRecords(cell, /*before_on_stop=*/false);
  cell.actor = nullptr;
  cell.instance->Destroy();
  current_cell_ = nullptr;
  DrainMailbox(cell, "the actor has ended");
  if (cell.extra != nullptr) {
    if (!cell.extra->name.empty()) runtime_.names().Release(cell.extra->name, ref);
    NotifyMonitors(cell);
  }
  LeaveParent(cell);
  cell.instance.reset();
  cell.extra.reset();
  --actors_alive_;
  ++counters_.stopped;
  slots_.Release(cell);
}

void Shard::LeaveParent(Cell& cell) {
  if (Cell* const parent = std::exchange(cell.parent, nullptr)) {
    if (cell.next_sibling != nullptr) cell.next_sibling->prev_sibling = cell.prev_sibling;
    if (cell.prev_sibling != nullptr) {
      cell.prev_sibling->next_sibling = cell.next_sibling;
    } else {
      parent->first_child = cell.next_sibling;
    }
    cell.next_sibling = cell.prev_sibling = nullptr;
    --parent->children;
    if (parent->state == CellState::kStopping && parent->first_child == nullptr) {
      parent->stall |= kAttention;
      MakeRunnable(*parent);
    }
  } else if (cell.extra != nullptr && cell.extra->remote_parent) {
    const AnyRef parent_ref = cell.extra->remote_parent;
    SendControlTo(*this, parent_ref.shard(),
                  ChildGoneNotice{new AnyRef[2]{parent_ref, RefOf(cell)}});
  }
}

void Shard::ChildGone(const AnyRef& parent, const AnyRef& child) {
  Cell* const cell = Find(parent);
  if (cell == nullptr || cell->extra == nullptr) return;
  if (cell->extra->remote_children.erase(child) > 0) --cell->children;
  if (cell->state == CellState::kStopping) {
    cell->stall |= kAttention;
    MakeRunnable(*cell);
  }
}

void Shard::DrainMailbox(Cell& cell, std::string_view why) {
  while (!cell.mailbox.empty()) {
    Envelope* const envelope = cell.mailbox.Pop();
    --cell.messages;
    cell.bytes -= envelope->bytes;
    if (envelope->flags & kEvent) UncountEvent(cell, *envelope);
    Refuse(envelope, absl::UnavailableError(AbslView(why)), Certainty::kNotExecuted);
  }
}

void Shard::StopAllActors() {
  stop_all_ = true;
  slots_.ForEachActor([this](Cell& cell) {
    if (cell.parent == nullptr && (cell.extra == nullptr || !cell.extra->remote_parent)) {
      AskToStop(cell, StopReason::kShutdown);
    }
  });
}

void Shard::KillAllActors() {
  // Handlers that wait for something, OnStop included, are ended where they are.
  slots_.ForEachActor([this](Cell& cell) {
    cell.Extra().restart_after_stop = false;
    if (cell.state == CellState::kStopping) {
      EndActivations(cell);
    } else {
      cell.on_stop_called = true;
      AskToStop(cell, StopReason::kShutdown);
    }
    cell.stall |= kAttention;
    MakeRunnable(cell);
  });
}

std::vector<std::string> Shard::ActorsAlive() {
  std::vector<std::string> names;
  slots_.ForEachActor([&names](Cell& cell) { names.push_back(NameOf(cell)); });
  return names;
}

std::string Shard::DescribeRunning() const {
  if (current_cell_ == nullptr || current_cell_->instance == nullptr) return "";
  std::string_view where = "the destructor";
  if (current_envelope_ != nullptr) {
    where = current_envelope_->type->name;
  } else if (current_cell_->state == CellState::kStarting) {
    where = "the constructor";
  }
  return absl::StrCat("actor ", NameOf(*current_cell_), ", in ", AbslView(where));
}

// --- Monitors. ---

namespace {

struct MonitorRequest {
  AnyRef target;
  Envelope* down;

  void operator()(Shard& shard) { shard.Monitor(target, down); }
};

struct DemonitorRequest {
  AnyRef target;
  uint64_t record;
  uint16_t watcher_shard;

  void operator()(Shard& shard) { shard.Demonitor(target, watcher_shard, record); }
};

}  // namespace

void Shard::Monitor(const AnyRef& target, Envelope* down) {
  if (target && target.incarnation() != incarnation_) {
    if (Router* const router = runtime_.router()) {
      router->Monitor(target, down);
    } else {
      SendDown(down, target, StopReason::kNodeDown, absl::UnavailableError("no node runs here"));
    }
    return;
  }
  if (target.slot() == kUnbornSlot) {
    SendDown(down, target, StopReason::kNeverBorn, runtime_.WhyUnborn(target.generation()));
    return;
  }
  if (target && target.shard() != index_ && target.shard() < outboxes_.size()) {
    SendControlTo(*this, target.shard(), MonitorRequest{target, down});
    return;
  }
  Cell* const cell = Find(target);
  const bool alive = cell != nullptr && cell->state != CellState::kFree;
  if (alive && cell->Extra().monitors.size() < limits_.monitors_per_actor_max) {
    cell->extra->monitors[{down->sender_shard, down->record}] = down;
    return;
  }
  if (alive) {
    SendDown(down, target, StopReason::kUnknown,
             absl::ResourceExhaustedError("monitors_per_actor_max monitors watch the actor"));
    return;
  }
  SendDown(down, target, StopReason::kUnknown,
           absl::NotFoundError("the actor had ended before it was monitored"));
}

void Shard::Demonitor(const AnyRef& target, uint16_t watcher_shard, uint64_t record) {
  if (target.incarnation() != incarnation_) {
    if (Router* const router = runtime_.router()) router->Demonitor(target, watcher_shard, record);
    return;
  }
  if (target.shard() != index_) {
    if (target.shard() >= outboxes_.size()) return;
    SendControlTo(*this, target.shard(), DemonitorRequest{target, record, watcher_shard});
    return;
  }
  Cell* const cell = Find(target);
  if (cell == nullptr || cell->extra == nullptr) return;
  const auto it = cell->extra->monitors.find({watcher_shard, record});
  if (it == cell->extra->monitors.end()) return;
  Envelope* const down = it->second;
  cell->extra->monitors.erase(it);
  down->type->destroy(*down);
  Recycle(down);
}

void Shard::NotifyMonitors(Cell& cell) {
  CellExtra& extra = *cell.extra;
  const StopReason reason = cell.failed ? StopReason::kFailed : extra.stop_reason;
  const AnyRef who = RefOf(cell);
  // Taken away first: what a Down leads to may take other monitors back.
  const auto monitors = std::exchange(extra.monitors, {});
  for (const auto& [watcher, down] : monitors) {
    SendDown(down, who, reason, extra.stop_status);
  }
}

void Shard::SendDown(Envelope* down, const AnyRef& who, StopReason reason,
                     const absl::Status& status) {
  Down& event = PayloadAs<Down>(*down);
  event.who = who;
  event.reason = reason;
  event.status = status;
  const uint16_t watcher_shard = down->sender_shard;
  if (watcher_shard != index_) {
    outboxes_[watcher_shard].Push(down);
    return;
  }
  if (down->slot == kShardSlot) return Deliver(down);  // For a watcher on another node.
  Cell* const watcher = Find(down->slot, down->generation);
  if (watcher == nullptr) {
    down->type->destroy(*down);
    Recycle(down);
    return;
  }
  EnqueueEvent(*watcher, down);
}

}  // namespace troupe::internal
