#include "troupe/actors/supervision/supervisor.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "troupe/actors/cells/slot_table.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/events/event_records.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/mail/mailboxes.h"
#include "troupe/actors/mail/outboxes.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/runtime/shard_turn.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/cell_extra.h"
#include "troupe/actors/supervision/life_events.h"
#include "troupe/actors/supervision/monitors.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/actors/typing/instance.h"
#include "troupe/base/buggify.h"
#include "troupe/base/logging.h"
#include "troupe/base/text.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {
namespace {

// The instance of an actor that is asked to stop if nothing is to be ended before the actor itself,
// and nobody but its parent is to hear of the end. Else null.
Instance* EndingAtOnce(const Cell& cell) {
  if (!cell.mailbox.empty() || cell.state == CellState::kStopping || cell.marked(kFailed)) {
    return nullptr;
  }
  if (cell.has_ties()) {
    const Ties& ties = cell.ties();
    if (ties.activations != nullptr || ties.records != nullptr || ties.extra != nullptr ||
        ties.children > 0) {
      return nullptr;
    }
  }
  Instance* const instance = cell.instance();
  if (instance == nullptr) return nullptr;
  return !instance->info().has_on_stop || cell.marked(kOnStopCalled) ? instance : nullptr;
}

struct StopActor {
  AnyRef ref;
  StopReason reason;

  void operator()(Shard& shard) { shard.supervisor().Stop(ref, reason); }
};

}  // namespace

std::string Supervisor::NameOf(const Cell& cell) {
  if (cell.instance() == nullptr) return "(none)";
  std::string name(cell.instance()->info().name);
  if (cell.extra() != nullptr && !cell.extra()->name.empty()) {
    absl::StrAppend(&name, " \"", cell.extra()->name, "\"");
  }
  return name;
}

// --- Failure. ---

void Supervisor::CoroutineThrew(Cell& cell, const std::exception_ptr& thrown) {
  const absl::Status why = StatusOf(thrown);
  Fail(cell, absl::Status(why.code(),
                          absl::StrCat("in a coroutine that nobody awaits: ", why.message())));
}

void Supervisor::HandlerThrew(Cell& cell) {
  absl::Status why = StatusOf(std::current_exception());
  Envelope* const envelope = shard_.running().envelope;
  if (envelope != nullptr && (envelope->flags & kEvent) == 0) {
    shard_.dead_letters().ReplyError(
        *envelope,
        WithCertainty(absl::InternalError("the handler failed"), Certainty::kMaybeExecuted));
  }
  Fail(cell, std::move(why),
       envelope != nullptr ? envelope->type->name
                           : "its constructor, destructor or a message's move");
}

void Supervisor::Fail(Cell& cell, absl::Status why, std::string_view where) {
  // The shard's own, or one that fails already.
  if (&cell == &shard_.limbo()) return;
  if (cell.marked(kFailed) && cell.state != CellState::kStopping) return;
  ++shard_.counters().failures;
  TROUPE_LOG(kWarning, "actor ", NameOf(cell), " failed", where.empty() ? "" : " in ",
             AbslView(where), ": ", AbslView(Printable(StdView(why.message()))));
  cell.Mark(kFailed);
  cell.Extra().stop_status = std::move(why);
  if (cell.state == CellState::kStopping) return ForgoRestart(cell);
  cell.Mark(kStopAsked);
  cell.stall |= kAttention | kBlocked;
  shard_.MakeRunnable(cell);
}

void Supervisor::StartFailed(Cell& cell, const absl::Status& status) {
  if (cell.state != CellState::kStarting) return;
  Fail(cell,
       absl::Status(status.code(), absl::StrCat("OnStart: ", AbslView(StdView(status.message())))));
}

void Supervisor::StopFailed(Cell& cell, const absl::Status& status) {
  TROUPE_LOG(kWarning, "actor ", NameOf(cell),
             ": OnStop: ", AbslView(Printable(StdView(status.message()))));
}

bool Supervisor::MayRestart(Cell& cell) {
  CellExtra& extra = cell.Extra();
  const RestartOptions& options = extra.restart;
  if (options.kind == RestartKind::kNever || !cell.instance()->restartable()) return false;
  if (shard_.runtime().stopping() || cell.marked(kEndAsked)) return false;
  if (extra.restarts.Take(options, shard_.now_nanos())) return true;
  TROUPE_LOG(kError, "actor ", NameOf(cell), " is not restarted: ", options.max,
             " restarts within ", absl::FormatDuration(options.within));
  return false;
}

void Supervisor::AwaitBackoff(Cell& cell) {
  CellExtra& extra = *cell.extra();
  ++shard_.counters().restarts;
  cell.state = CellState::kBackoff;
  cell.stall = kBlocked | (cell.stall & kArrivals);
  cell.marks &= kDropOldest | kQueued;
  ++cell.life;
  cell.set_step(StopStep::kMailbox);
  cell.reason = StopReason::kStopped;
  extra.stop_status = absl::OkStatus();
  extra.asks_children = false;
  extra.last_asked = AnyRef();
  extra.backoff = std::make_unique<BackoffTimer>(shard_, cell);
  Loop& loop = shard_.loop();
  loop.timers().Arm(*extra.backoff,
                    loop.now() + extra.restarts.NextWait(extra.restart, shard_.random()));
}

void Supervisor::BackoffOver(Cell& cell) {
  cell.state = CellState::kStarting;
  cell.stall |= kAttention;
  shard_.MakeRunnable(cell);
}

// --- The end of one. ---

SendResult Supervisor::Stop(const AnyRef& ref, StopReason reason) {
  // Nobody stops another node's actors.
  if (ref.incarnation() != shard_.incarnation()) return SendResult::kGone;
  if (ref.shard() != shard_.index()) {
    if (!shard_.HasShard(ref.shard())) return SendResult::kGone;
    // A parent's order has a child for each, and gets through in any case.
    if (reason == StopReason::kStopped && !shard_.outboxes().ControlRoom(ref.shard()).ok()) {
      ++shard_.counters().refused_full;
      return SendResult::kFull;
    }
    SendControlTo(shard_, ref.shard(), StopActor{ref, reason});
    return SendResult::kAccepted;
  }
  Cell* const cell = shard_.Find(ref);
  if (cell == nullptr) return SendResult::kGone;
  const Running& running = shard_.running();
  if (reason == StopReason::kStopped && cell == running.cell && running.envelope != nullptr) {
    shard_.activations().StopActorAfterwards();
  } else {
    AskToStop(*cell, reason);
  }
  return SendResult::kAccepted;
}

void Supervisor::AskToStop(Cell& cell, StopReason reason) {
  if (cell.state == CellState::kFree || &cell == &shard_.limbo()) return;
  cell.Mark(kEndAsked);
  if (cell.state == CellState::kStopping) return ForgoRestart(cell);
  if (cell.marked(kStopAsked)) return;
  cell.Mark(kStopAsked);
  cell.reason = reason;
  cell.stall |= kAttention;
  shard_.MakeRunnable(cell);
}

void Supervisor::AskChildToStop(Cell& cell) {
  // One that is in the run queue has something else to do, or has not started.
  if (cell.state != CellState::kRunning || cell.stall != 0 || cell.marked(kQueued)) {
    return AskToStop(cell, StopReason::kShutdown);
  }
  cell.Mark(kEndAsked);
  cell.Mark(kStopAsked);
  cell.reason = StopReason::kShutdown;
  if (EndAtOnce(cell)) return;
  cell.stall |= kAttention;
  shard_.MakeRunnable(cell);
}

void Supervisor::ForgoRestart(Cell& cell) {
  if (!cell.marked(kWillRestart)) return;
  cell.Unmark(kWillRestart);
  cell.messages_max = 0;
  cell.set_step(StopStep::kMailbox);
  cell.stall |= kAttention;
  shard_.MakeRunnable(cell);
}

void Supervisor::EndUnborn(Cell& cell) {
  ++unborn_;
  cell.messages_max = 0;
  cell.state = CellState::kStopping;
  cell.stall |= kBlocked | kAttention;
  cell.reason = StopReason::kNeverBorn;
  cell.set_step(StopStep::kFarewell);
  shard_.MakeRunnable(cell);
}

void Supervisor::Begin(Cell& cell) {
  const bool was_alive = cell.actor != nullptr && cell.state == CellState::kRunning;
  const bool failed = cell.marked(kFailed);
  if (failed && MayRestart(cell)) {
    cell.Mark(kWillRestart);
  } else {
    cell.messages_max = 0;
  }
  cell.state = CellState::kStopping;
  cell.stall |= kBlocked;
  if (failed || !was_alive) cell.Mark(kOnStopCalled);
  cell.set_step(StopStep::kMailbox);
  if (cell.extra() != nullptr) cell.extra()->backoff.reset();
  shard_.activations().Doom(cell);
}

bool Supervisor::EndAtOnce(Cell& cell) {
  Instance* const instance = EndingAtOnce(cell);
  if (instance == nullptr) return false;
  cell.messages_max = 0;
  cell.state = CellState::kStopping;
  cell.stall = kBlocked;
  DestroyActor(cell, instance);
  // The destructor is users' code.
  if (cell.activations() != nullptr) [[unlikely]] {
    cell.set_step(StopStep::kActor);
    return false;
  }
  if (!cell.mailbox.empty() || cell.extra() != nullptr) [[unlikely]] {
    cell.set_step(StopStep::kFarewell);
    return false;
  }
  Release(cell, instance);
  return true;
}

uint32_t Supervisor::Continue(Cell& cell, uint32_t budget) {
  if (TROUPE_BUGGIFY("one step of a stop a turn")) budget = 1;
  if (cell.state != CellState::kStopping) {
    if (EndAtOnce(cell)) return 1;
    if (cell.state != CellState::kStopping) Begin(cell);
  }
  uint32_t done = 0;
  while (done < budget) {
    bool waits = false;
    const uint64_t generation = cell.generation;
    done += Step(cell, budget - done, waits);
    if (waits || cell.generation != generation || cell.state != CellState::kStopping) return done;
  }
  cell.stall |= kAttention;
  shard_.MakeRunnable(cell);
  return done;
}

// One step, or a share of it. Sets `waits` when somebody else has to do something first.
uint32_t Supervisor::Step(Cell& cell, uint32_t budget, bool& waits) {
  const auto next = [&cell](StopStep step) { cell.set_step(step); };
  uint32_t done = 0;
  switch (cell.step()) {
    case StopStep::kMailbox:
      if (!cell.marked(kWillRestart)) done = DrainMailbox(cell, budget, "the actor stops");
      if (done < budget) next(StopStep::kActivations);
      return done;
    case StopStep::kActivations:
      done = shard_.activations().EndSome(cell, budget);
      if (done < budget) next(StopStep::kRecords);
      return done;
    case StopStep::kRecords:
      done = shard_.records().EndSome(cell, budget, /*before_on_stop=*/true);
      if (done < budget) next(StopStep::kChildren);
      return done;
    case StopStep::kChildren:
      done = children_.AskSome(cell, budget);
      if (done < budget) next(StopStep::kOnStop);
      return done;
    case StopStep::kOnStop:
      // Offloads that return leave handlers to be ended.
      done = shard_.activations().EndSome(cell, budget);
      waits = cell.children() > 0 || Activations::Busy(cell);
      if (waits) return done;
      if (!cell.marked(kOnStopCalled)) {
        RunOnStop(cell);
        waits = Activations::Busy(cell);
        return done + 1;
      }
      next(StopStep::kActor);
      return done;
    case StopStep::kActor:
      if (cell.records() != nullptr) {
        done = shard_.records().EndSome(cell, budget, /*before_on_stop=*/false);
        if (done == budget) return done;
      }
      DestroyActor(cell, cell.instance());
      waits = cell.activations() != nullptr;
      if (waits) return done + 1;
      if (cell.marked(kWillRestart)) {
        AwaitBackoff(cell);
      } else {
        next(StopStep::kFarewell);
      }
      return done + 1;
    case StopStep::kFarewell:
      return SayFarewell(cell, budget, waits);
  }
  return done;
}

uint32_t Supervisor::DrainMailbox(Cell& cell, uint32_t budget, std::string_view why) {
  uint32_t drained = 0;
  for (; drained < budget; ++drained) {
    Envelope* const envelope =
        cell.mailbox.empty() ? shard_.mailboxes().TakeWaiting(cell) : shard_.TakeFirst(cell);
    if (envelope == nullptr) break;
    shard_.dead_letters().Refuse(envelope, absl::UnavailableError(AbslView(why)),
                                 Certainty::kNotExecuted);
  }
  return drained;
}

void Supervisor::RunOnStop(Cell& cell) {
  cell.Mark(kOnStopCalled);
  if (final_sweep_.kills() || !cell.instance()->info().has_on_stop) return;
  Envelope* const envelope = NewLifeEvent(shard_, &kStopType);
  shard_.SetPayload(envelope, StopEvent{cell.reason}, 0);
  envelope->cell = &cell;
  shard_.RunEvent(cell, envelope);
}

// Inlined, as Release(): a million actors may end at once.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline void Supervisor::DestroyActor(Cell& cell, Instance* instance) {
  if (std::exchange(cell.actor, nullptr) != nullptr) {
    const Activations::FirstScope scope(shard_, &cell);
    instance->Destroy();
  }
  if (cell.activations() == nullptr) return;
  // A coroutine that is in an offload stays until that is back, and this is called again.
  if (Activations::Busy(cell)) return shard_.activations().Doom(cell);
  shard_.activations().Orphan(cell);
}

uint32_t Supervisor::SayFarewell(Cell& cell, uint32_t budget, bool& waits) {
  uint32_t done = 0;
  if (!cell.mailbox.empty() || cell.arrivals_wait()) {
    done = DrainMailbox(cell, budget, "the actor has ended");
    if (done == budget) return done;
  }
  if (cell.extra() != nullptr) {
    // The name is free before anybody hears of the end.
    if (!cell.extra()->name.empty()) {
      shard_.runtime().names().Release(cell.extra()->name, shard_.RefOf(cell));
      cell.extra()->name.clear();
    }
    done += shard_.monitors().NotifySome(cell, budget - done);
    if (done >= budget) return done;
  }
  Release(cell, cell.instance());
  waits = true;
  return done + 1;
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline void Supervisor::Release(Cell& cell, Instance* instance) {
  children_.Leave(cell);
  if (instance != nullptr) {
    if (shard_.runtime().tracer() != nullptr) shard_.turn().TraceEnd(cell);
    ++shard_.counters().stopped;
    cell.set_instance(nullptr);
    // The actor's arguments are users' objects, and end with nobody's life.
    const Activations::FirstScope scope(shard_, nullptr);
    instance->Dispose();
  } else {
    --unborn_;
  }
  if (cell.has_ties()) cell.FreeTies();
  slots_.Release(cell);
}

}  // namespace troupe::internal
