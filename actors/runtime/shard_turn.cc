#include "troupe/actors/runtime/shard_turn.h"

#include <algorithm>
#include <utility>

#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/cells/slot_table.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/events/event_records.h"
#include "troupe/actors/mail/inbound_links.h"
#include "troupe/actors/mail/outboxes.h"
#include "troupe/actors/mail/shard_inbox.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/births.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/base/buggify.h"
#include "troupe/base/limits.h"
#include "troupe/loop/message_tracer.h"

namespace troupe::internal {
namespace {

// Of all the shard's actors, looked at in one turn while all of them are stopped.
constexpr uint32_t kSweepSlots = 4096;
constexpr uint32_t kFailedAsksPerTurn = 1024;

}  // namespace

bool ShardTurn::RunTurn(bool may_block) {
  current_shard = &shard_;
  const bool more = loop_->RunTurn(may_block);
  current_shard = nullptr;
  return more;
}

void ShardTurn::DrainInbound() {
  // What is destroyed here may be users' messages.
  Activations::Scope scope(shard_, nullptr, nullptr);
  shard_.activations().StartTurn();
  // A shard that could not handle what the last turn took leaves more in the rings.
  const size_t most = shard_.limits().turn_inbound_messages_max;
  const size_t share = TROUPE_BUGGIFY("take one message a turn") ? 1
                       : more_                                   ? std::max<size_t>(most / 4, 1)
                                                                 : most;
  shard_.births().EndRefused();
  // Threads first: an actor that one spawned is installed before messages to it come.
  shard_.inbox().Drain(share);
  shard_.inbound().Drain(share);
  TakeCompletions();
}

void ShardTurn::TakeCompletions() {
  if (completions_.Empty() || TROUPE_BUGGIFY("complete work a turn later")) return;
  for (ShardWork* work = completions_.TakeAll(); work != nullptr;) {
    ShardWork* const next = work->next_done;
    work->Complete(work->abandoned());
    work = next;
  }
}

void ShardTurn::FollowEnd() {
  FinalSweep& sweep = shard_.supervisor().final_sweep();
  const Runtime::End end = shard_.runtime().end();
  if (end != Runtime::End::kNotYet && !sweep.begun()) sweep.StopAll();
  if (end != Runtime::End::kKill || sweep.kills()) return;
  if (shard_.supervisor().alive() > 0) shard_.runtime().NoteKilled();
  sweep.KillAll();
}

size_t ShardTurn::RunReady() {
  if (shard_.runtime().end() != Runtime::End::kNotYet) FollowEnd();
  const uint32_t most = TROUPE_BUGGIFY("a short turn") ? 2 : shard_.limits().turn_messages_max;
  uint32_t left = most;
  const uint32_t slots = TROUPE_BUGGIFY("sweep few actors a turn") ? 2 : kSweepSlots;
  if (shard_.supervisor().final_sweep().Continue(slots)) left /= 2;
  const uint32_t handled = shard_.RunReady(left);
  more_ = !shard_.run_queue().empty();
  return most - left + handled;
}

void ShardTurn::FlushOutbound() { shard_.outboxes().Flush(/*idle=*/!more_); }

void ShardTurn::EndTurn() {
  shard_.inbox().RunDeferred();
  if (!said_empty_ && shard_.supervisor().final_sweep().begun() &&
      shard_.supervisor().alive() == 0) {
    said_empty_ = true;
    shard_.runtime().ActorsGone();
  }
}

bool ShardTurn::HasRunnable() const {
  return !shard_.run_queue().empty() || shard_.activations().HasNextTurn() ||
         shard_.supervisor().final_sweep().unfinished();
}

bool ShardTurn::InboundPending() const { return !shard_.inbox().Empty() || ShardsPending(); }

bool ShardTurn::ShardsPending() const {
  return shard_.inbound().Pending() || !completions_.Empty() ||
         (shard_.outboxes().pending() && shard_.outboxes().CanFlush());
}

bool ShardTurn::Finished() {
  Runtime& runtime = shard_.runtime();
  if (!runtime.leaving()) return false;
  // Those whose jobs came back only with the end of the pools are on their way out.
  if (shard_.supervisor().alive() > 0 && !runtime.stuck()) return false;
  while (shard_.asks().FailSome(kFailedAsksPerTurn) > 0) {
  }
  // What is left may be for a shard that has gone, and would wait forever: the last turns take it.
  if (said_quiet_ && runtime.AllQuiet()) return true;
  // Threads that go on sending hold nothing up: what they send is seen to after the end.
  if (ShardsPending() || shard_.outboxes().pending()) return false;
  if (!said_quiet_) {
    said_quiet_ = true;
    runtime.NoteQuiet();
  }
  return runtime.AllQuiet();
}

void ShardTurn::TakeBack(ShardWork* work) {
  completions_.Push(work);
  loop_->waker().Publish();
}

void ShardTurn::TraceMessage(const Cell& cell, const Envelope& envelope) {
  const TracedActor actor{shard_.incarnation(), shard_.index(), cell.slot};
  const TracedActor sender{shard_.incarnation(), envelope.sender_shard, envelope.sender_slot};
  const bool is_event = (envelope.flags & kEvent) != 0;
  shard_.runtime().tracer()->OnMessage(actor, Supervisor::NameOf(cell), envelope.type->name,
                                       is_event ? TracedActor() : sender);
}

void ShardTurn::TraceEnd(const Cell& cell) {
  shard_.runtime().tracer()->OnEnd({shard_.incarnation(), shard_.index(), cell.slot},
                                   Supervisor::NameOf(cell));
}

uint32_t ShardTurn::AddGauges(uint32_t from, SystemGauges& sum) {
  if (from == 0) {
    sum.requests_pending += shard_.asks().pending();
    sum.event_records += shard_.records().count();
    sum.bytes_between_shards += shard_.outboxes().BytesOnTheirWay();
  }
  return shard_.slots_table().ForSomeActors(from, kSweepSlots, [&](const Cell& cell) {
    ++sum.actors;
    sum.messages_waiting += cell.messages;
    sum.bytes_waiting += cell.bytes;
  });
}

bool ShardTurn::RunLast() {
  Shard* const before = std::exchange(current_shard, &shard_);
  while (shard_.outboxes().TakeReturns()) {
  }
  DrainInbound();
  RunReady();
  FlushOutbound();
  EndTurn();
  while (shard_.asks().FailSome(kFailedAsksPerTurn) > 0) {
  }
  current_shard = before;
  return HasRunnable() || InboundPending() || shard_.outboxes().pending() ||
         shard_.outboxes().HasReturns();
}

}  // namespace troupe::internal
