#include "troupe/actors/supervision/monitors.h"

#include "absl/strings/str_cat.h"
#include "troupe/actors/events.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/mail/outboxes.h"
#include "troupe/actors/mail/router.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/births.h"
#include "troupe/actors/supervision/cell_extra.h"
#include "troupe/actors/supervision/monitor_record.h"
#include "troupe/actors/typing/dispatch.h"

namespace troupe::internal {
namespace {

struct MonitorRequest {
  AnyRef target;
  Envelope* down;

  void operator()(Shard& shard) { shard.monitors().Add(target, down); }
};

struct DemonitorRequest {
  AnyRef target;
  uint64_t record;
  uint16_t watcher_shard;

  void operator()(Shard& shard) { shard.monitors().Remove(target, watcher_shard, record); }
};

}  // namespace

MonitorRecord::~MonitorRecord() {
  Shard& shard = *Shard::Current();
  if (placed_) shard.monitors().Remove(target_, shard.index(), id());
}

bool Monitors::Add(const AnyRef& target, Envelope* down) {
  if (target && target.incarnation() != shard_.incarnation()) {
    Router* const router = shard_.runtime().router();
    if (router == nullptr) {
      return Refuse(down, target, StopReason::kNodeDown,
                    absl::UnavailableError("no node runs here"));
    }
    router->Monitor(target, down);
    return true;
  }
  if (target.slot() == Births::kUnbornSlot) {
    return Refuse(down, target, StopReason::kNeverBorn,
                  shard_.runtime().WhyUnborn(target.generation()));
  }
  if (!target || target.shard() == shard_.index() || !shard_.HasShard(target.shard())) {
    return AddHere(target, down);
  }
  const absl::Status room = shard_.outboxes().ControlRoom(target.shard());
  if (!room.ok()) return Refuse(down, target, StopReason::kUnknown, room);
  SendControlTo(shard_, target.shard(), MonitorRequest{target, down});
  return true;
}

bool Monitors::AddHere(const AnyRef& target, Envelope* down) {
  Cell* const cell = shard_.Find(target);
  if (cell == nullptr || cell->state == CellState::kFree) {
    return Refuse(down, target, StopReason::kUnknown,
                  absl::NotFoundError("the actor had ended before it was monitored"));
  }
  auto& monitors = cell->Extra().monitors;
  const uint32_t monitors_max = shard_.limits().monitors_per_actor_max;
  if (monitors.size() >= monitors_max) {
    return Refuse(down, target, StopReason::kUnknown,
                  absl::ResourceExhaustedError(absl::StrCat(
                      "monitors_per_actor_max (", monitors_max, ") monitors watch the actor")));
  }
  monitors[{down->sender_shard, down->record}] = down;
  return true;
}

bool Monitors::Refuse(Envelope* down, const AnyRef& target, StopReason reason,
                      const absl::Status& why) {
  Send(down, target, reason, why);
  return false;
}

void Monitors::Remove(const AnyRef& target, uint16_t watcher_shard, uint64_t record) {
  if (target.incarnation() != shard_.incarnation()) {
    if (Router* const router = shard_.runtime().router()) {
      router->Demonitor(target, watcher_shard, record);
    }
    return;
  }
  if (target.shard() != shard_.index()) {
    if (!shard_.HasShard(target.shard())) return;
    SendControlTo(shard_, target.shard(), DemonitorRequest{target, record, watcher_shard});
    return;
  }
  Cell* const cell = shard_.Find(target);
  if (cell == nullptr || cell->extra() == nullptr) return;
  auto& monitors = cell->extra()->monitors;
  const auto it = monitors.find({watcher_shard, record});
  if (it == monitors.end()) return;
  Envelope* const down = it->second;
  monitors.erase(it);
  shard_.dead_letters().Discard(down);
}

uint32_t Monitors::NotifySome(Cell& cell, uint32_t budget) {
  if (cell.extra() == nullptr) return 0;
  const StopReason reason = cell.marked(kFailed) ? StopReason::kFailed : cell.reason;
  const AnyRef who = shard_.RefOf(cell);
  auto& monitors = cell.extra()->monitors;
  uint32_t notified = 0;
  for (; notified < budget && !monitors.empty(); ++notified) {
    // Taken away first: what a Down leads to may take other monitors back.
    Envelope* const down = monitors.begin()->second;
    monitors.erase(monitors.begin());
    Send(down, who, reason, cell.extra()->stop_status);
  }
  return notified;
}

void Monitors::Send(Envelope* down, const AnyRef& who, StopReason reason,
                    const absl::Status& status) {
  Down& event = PayloadAs<Down>(*down);
  event.who = who;
  event.reason = reason;
  event.status = status;
  if (down->sender_shard != shard_.index()) return shard_.PushTo(down->sender_shard, down);
  if (down->slot == kShardSlot)
    return static_cast<void>(
        shard_.Deliver(down, shard_.index()));  // For a watcher on another node.
  if (Cell* const watcher = shard_.Find(down->slot, down->generation)) {
    shard_.EnqueueEvent(*watcher, down);
  } else {
    shard_.dead_letters().Discard(down);
  }
}

}  // namespace troupe::internal
